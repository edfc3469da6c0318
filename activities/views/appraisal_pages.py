"""What the pages of appraisals share."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from activities import access_appraisal
from activities.models import AppraisalRound, Grade
from activities.services import appraisals
from members.sealing import try_open

Step = AppraisalRound.Step
TONES = {
    Grade.EXCELLENT: "success",
    Grade.QUALIFIED: "info",
    Grade.BASIC: "warning",
    Grade.UNQUALIFIED: "danger",
}


def managed_round(request, pk):
    found = access_appraisal.managed_rounds(request.user)
    return get_object_or_404(found.select_related("branch"), pk=pk)


def managed_appraisal(request, pk):
    found = access_appraisal.managed_appraisals(request.user)
    return get_object_or_404(found.select_related("member", "round__branch"), pk=pk)


def of_round(round_):
    """Where the pages of a round lead back to."""
    return {"back_url": round_.get_absolute_url(), "back_label": round_.title}


def of_person(appraisal):
    return {
        "back_url": appraisal.get_absolute_url(),
        "back_label": appraisal.member.name,
    }


def text_of(record, name):
    """A sealed text to show; a damaged one is said to be so."""
    text = "" if record is None else try_open(record, name)
    return _("This text is damaged and cannot be read.") if text is None else text


def told_follow_ups(appraisal):
    """What follows, with its texts."""
    return [
        (one, text_of(one, "plan"), text_of(one, "outcome"))
        for one in appraisal.follow_ups.select_related("owner")
    ]


def steps_of(round_):
    """The steps of LIFE-23 with how each stands: "done", "now" or "coming"."""
    order = list(Step)
    here = order.index(Step(round_.step))
    states = {-1: "done", 0: "now", 1: "coming"}
    return [
        {"label": step.label, "state": states[(place > here) - (place < here)]}
        for place, step in enumerate(order[:-1])
    ]


def totals_text(counts):
    if counts is None:
        return ""
    return " · ".join(
        f"{Grade(grade).label} {number}" for grade, number in counts.items()
    )


def excellent_warning(round_):
    """LIFE-21, as a sentence; empty while it fits."""
    found = appraisals.too_many_excellent(round_)
    if found is None:
        return ""
    number, most = found
    text = _(
        "Excellent: %(number)s. As a rule it is at most a third of those who take a "
        "grade, here %(most)s. Consider it again."
    )
    return text % {"number": number, "most": most}
