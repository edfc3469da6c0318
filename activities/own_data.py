"""What is held here about a person, for the page and the file “My data” (SEC-07, CR-13)."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    Attendance,
    Ballot,
    CalendarFeed,
    Candidate,
    FollowUp,
    HelperTask,
    LifePoint,
    MutualOpinion,
    Objection,
    Program,
    ProgramItem,
    Resolution,
    SignUp,
    SurveyTurn,
    Talk,
    Tick,
    Voter,
)
from activities.services import calendar
from members.services import own_data, own_kinds
from members.services.own_kinds import Basis, Deletion, Kind

own_data.register(SignUp, "sign_ups", "member__user")
own_data.register(Attendance, "attendances", "member__user")
own_data.register(Tick, "ticks", "member__user", without=["key"])
own_data.register(LifePoint, "life_points", "member__user")
own_data.register(HelperTask, "helper_tasks", "member__user")
own_data.register(CalendarFeed, "calendar_address", "user", without=["digest"])
own_data.register(Candidate, "candidacies", "member__user")
own_data.register(Ballot, "votes", "candidate__user")
own_data.register(Voter, "voted_in", "member__user")
own_data.register(Resolution, "resolutions", "member__user")
own_data.register(Objection, "objections", "member__user")
own_data.register(Program, "programs", "member__user")
own_data.register(ProgramItem, "program_items", "member__user")
own_data.register(SurveyTurn, "survey_turns", "member__user")
own_data.register(Appraisal, "appraisals", "member__user", joined=["round__branch"])
own_data.register(
    AppraisalResult,
    "appraisal_results",
    "appraisal__member__user",
    without=[*AppraisalResult.TOTALS, "reason"],  # what was fed back, and no more
    only=Q(
        appraisal__round__step__in=AppraisalRound.TOLD,
        appraisal__exempt_reason__isnull=True,
        opinion__isnull=False,
    ),
    joined=["appraisal__member", "appraisal__round__branch"],
)
# Written by the person on others, whose names are theirs.
own_data.register(
    MutualOpinion, "opinions_on_others", "author__user", without=["appraisal"]
)
own_data.register(
    FollowUp,
    "follow_ups",
    "appraisal__member__user",
    joined=["appraisal__member", "appraisal__round__branch"],
)
own_data.register(Talk, "talks", "first__user second__user")

own_kinds.register(
    Kind(
        "calendar_address",
        Basis.CHOICE,
        _("Calendar address"),
        _("When you made the secret address from which a calendar reads activities."),
        _("You made it; nobody needs one."),
        _("Until you revoke it or make another."),
        _("Revoke it: calendars that use it read nothing from then on."),
    ),
    Deletion(
        _("Revoke the address"),
        _("Calendars that use it read nothing any more, at once."),
        lambda user, keep: CalendarFeed.objects.filter(user=user).count(),
        lambda user, now, keep: calendar.revoke_address(user),
    ),
)
own_kinds.register(
    Kind(
        "sign_ups",
        Basis.SERVICE,
        pgettext_lazy("own data", "Sign-ups"),
        _(
            "For what you signed up, your note and your answers for the host, and your "
            "place in the order."
        ),
        _("Seats are given in the order in which people asked."),
        _(
            "With the activity, also what was withdrawn. Answers go thirty days after it, "
            "and at once when you withdraw."
        ),
        _(
            "Change note and answers until the sign-up ends; withdraw on the page of the "
            "activity until it begins."
        ),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "helper_tasks",
        Basis.SERVICE,
        pgettext_lazy("own data", "Tasks for activities"),
        _("What you were asked to do for an activity, and whether it is done."),
        _("Helpers and host see who does what."),
        _("With the activity."),
        _("Note a task as done, or ask the host to give it to somebody else."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "attendances",
        Basis.RULE,
        pgettext_lazy("own data", "Attendance"),
        _("Whether you were at an activity, were excused and why, or were exempt."),
        _(
            "Branches keep minutes of their meetings with those present and absent: "
            "Regulations on the Work of Party Branches."
        ),
        _("As long as the minutes."),
        _("If it is wrong, tell the host, or object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "ticks",
        Basis.RULE,
        pgettext_lazy("own data", "Ticks on lists of meetings"),
        _("When somebody ticked or unticked you on the list at an activity."),
        _(
            "Devices send a tick until it arrives, and two may have ticked you: that each "
            "counts once has to be known."
        ),
        _("As long as the minutes."),
        _("If it is wrong, tell the host, or object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "life_points",
        Basis.RULE,
        pgettext_lazy("own data", "Own problems and criticism"),
        _(
            "What you said of yourself, and what others said to you, at the yearly meeting."
        ),
        _(
            "Minutes of organizational-life meetings hold both: Regulations on the Work "
            "of Party Branches."
        ),
        _("As long as the minutes."),
        _("If it is wrong, tell the host, or object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "votes",
        Basis.RULE,
        pgettext_lazy("own data", "Votes on you"),
        _("The totals of votes on you in meetings. Nobody knows who chose what."),
        _("Minutes hold the totals of each vote: Regulations on Elections."),
        _("As long as the minutes."),
        _("If the totals are wrong, object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "voted_in",
        Basis.RULE,
        pgettext_lazy("own data", "Votes in which you took part"),
        _(
            "That you were given a ballot. When you voted and what you chose is held "
            "nowhere."
        ),
        _("Nobody votes who was not there: Regulations on Elections."),
        _("As long as the minutes."),
        _("If it is wrong, tell a teller, or object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "candidacies",
        Basis.RULE,
        pgettext_lazy("own data", "Elections in which you stood"),
        _("The totals of votes on you in meetings. Nobody knows who chose what."),
        _("Minutes hold the totals of each vote: Regulations on Elections."),
        _("As long as the minutes."),
        _("If the totals are wrong, object to the minutes within three days."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "resolutions",
        Basis.RULE,
        pgettext_lazy("own data", "Resolutions to carry out"),
        _("What a meeting gave you to do, until when, and when it was done."),
        _(
            "Resolutions are carried out and reported on: Regulations on the Work of "
            "Party Branches."
        ),
        _("As long as the minutes."),
        _("Note it as done. To have it changed, ask the chair."),
        of_record=True,
    )
)
own_kinds.register(
    Kind(
        "objections",
        Basis.RULE,
        pgettext_lazy("own data", "Objections to minutes"),
        _("What you said against the minutes of a meeting you were at."),
        _("Differing views are kept with the minutes."),
        _("As long as the minutes."),
        _("Read it. Nobody changes it, you included."),
        of_record=True,
    )
)
for _part, _label, _text in (
    (
        "programs",
        _("Programs you answer for"),
        _("What you answer for, and its goals."),
    ),
    (
        "program_items",
        _("Posts, services and topics of yours"),
        _("What you took on in a program, and what came of it."),
    ),
):
    own_kinds.register(
        Kind(
            _part,
            Basis.SERVICE,
            _label,
            _text,
            _("Members of the branch see who does what."),
            _("With the program."),
            _("If it is wrong, tell who manages the program."),
            of_record=True,
        )
    )
own_kinds.register(
    Kind(
        "survey_turns",
        Basis.SERVICE,
        pgettext_lazy("own data", "Answered surveys"),
        _("That you answered a survey about an activity, and not what you said."),
        _("Each answers once. Answers are kept without a name."),
        _("With the activity."),
        _("Nothing: what you said cannot be found again, by you either."),
        of_record=True,
    )
)
_APPRAISAL = _(
    "Branches appraise their members once a year: Regulations on the Work of Party "
    "Branches."
)
_WITH_ROUND = _("With the appraisal of that year.")
for _part, _label, _text, _may in (
    (
        "appraisals",
        pgettext_lazy("own data", "Own appraisals"),
        _(
            "Your self-appraisals, whether you are exempt and why, and that you voted in "
            "the poll, never what you chose."
        ),
        _("Write it anew until the self-appraisal ends."),
    ),
    (
        "appraisal_results",
        pgettext_lazy("own data", "Results of appraisals"),
        _("The grade and the opinion that your branch told you."),
        _("If you see it otherwise, tell your branch."),
    ),
    (
        "opinions_on_others",
        pgettext_lazy("own data", "Opinions on others"),
        _("What you wrote on others; on whom is not in the file."),
        _("Write it anew until the poll opens."),
    ),
    (
        "follow_ups",
        pgettext_lazy("own data", "Help after an appraisal"),
        _("What was agreed after an appraisal, until when, and what came of it."),
        _("If it is wrong, tell your branch."),
    ),
):
    own_kinds.register(
        Kind(
            _part,
            Basis.RULE,
            _label,
            _text,
            _APPRAISAL,
            _WITH_ROUND,
            _may,
            of_record=True,
        )
    )
own_kinds.register(
    Kind(
        "talks",
        Basis.RULE,
        pgettext_lazy("own data", "Heart-to-heart talks"),
        _("When you had a talk, about what, and the confidential note."),
        _(
            "Members talk with one another once a year: Regulations on the Work of Party "
            "Branches."
        ),
        _("As long as the branch keeps its records."),
        _("If the note is wrong, tell the other one or your branch."),
        of_record=True,
    )
)
