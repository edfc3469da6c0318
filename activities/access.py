"""Which activities one may see, and which one may plan and record.

Grants are read in `members/access.py` alone; what is said here is what members see of
their own branch without any right, and that who leads a Party group plans its meetings
(MEET-06).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet

from activities.models import (
    Activity,
    Attendance,
    Ballot,
    BranchSize,
    CoHost,
    DutyRule,
    Guest,
    Minutes,
    MinutesItem,
    Resolution,
    SignUp,
)
from activities.models.activity import ActivityQuerySet
from activities.models.minutes import MinutesQuerySet, ResolutionQuerySet
from activities.models.sign_up import SignUpQuerySet
from members import access
from members.models import (
    Appointment,
    Branch,
    Member,
    MemberInterest,
    PartyGroup,
    User,
)
from members.models.branch import BranchQuerySet
from members.models.member import MemberQuerySet

RIGHT = "manage_activities"
# Whom meetings of a committee expect.
COMMITTEE = Q(office__in_committee=True)
NOTHING = Q(pk__in=[])
# Whose membership is not stopped (MEM-07).
TAKE_PART = tuple(s for s in Member.IN_PARTY if s != Member.State.STOPPED)


def of_my_branch(user: User) -> Q:
    """The announced activities of the member's own branch, of those above that invite
    all below, of those that a branch of theirs holds too, and those signed up for."""
    found = NOTHING
    for way in ways_of_a_member(user):
        found |= way
    return found & ~Q(state=Activity.State.DRAFT)


def ways_of_a_member(user: User) -> list[Q]:
    """The same, each way on its own, for an index of its own; drafts not left out."""
    member = user.member
    if member is None or not member.is_live:
        return []
    branch = member.branch
    above = branch.paths_above()
    return [
        Q(branch=branch.pk),
        Q(Exists(CoHost.objects.filter(activity=OuterRef("pk"), branch=branch.pk))),
        Q(audience=Activity.Audience.BELOW, branch__path__in=above),
        Q(Exists(SignUp.objects.filter(activity=OuterRef("pk"), member=member.pk))),
    ]


def expecting(member: Member) -> Q:
    """The activities that expect `member`: `expected` read from the other side."""
    if member.state not in TAKE_PART:
        return NOTHING
    held = Appointment.objects.in_force(access.today()).filter(member=member.pk)
    co_hosts = CoHost.objects.filter(activity=OuterRef("pk"))
    paths = [*member.branch.paths_above(), member.branch.path]
    own = Q(branch=member.branch_id) | Q(
        Exists(co_hosts.filter(branch=member.branch_id))
    )
    above = Q(branch__path__in=paths) | Q(
        Exists(co_hosts.filter(branch__path__in=paths))
    )
    sits = held.filter(COMMITTEE, branch=OuterRef("branch"))
    codes = ArraySubquery(held.order_by().values("office__code"))
    fits_office = Q(offices=[]) | Q(offices__overlap=codes)
    fits_occupation = Q(occupations=[])
    if member.occupation:
        fits_occupation |= Q(occupations__contains=[member.occupation])
    whole = (
        (
            Q(audience=Activity.Audience.BRANCH) & own
            | Q(audience=Activity.Audience.BELOW) & above
        )
        & fits_office
        & fits_occupation
    )
    found = whole | Q(audience=Activity.Audience.COMMITTEE) & Q(Exists(sits))
    if member.party_group_id is not None:
        found |= Q(audience=Activity.Audience.GROUP, party_group=member.party_group_id)
    return found


def inviting(member: Member) -> Q:
    """What is meant for `member`: `invited` read from the other side, and what the member
    signed up for."""
    interests = ArraySubquery(member.interests.order_by().values("interest"))
    fits = Q(interests=[]) | Q(interests__overlap=interests)
    own = SignUp.objects.standing().filter(activity=OuterRef("pk"), member=member.pk)
    return expecting(member) & fits | Q(Exists(own))


def of_my_group(user: User) -> Q:
    """The meetings, drafts among them, of the Party groups that the account leads."""
    return Q(
        kind=Activity.Kind.GROUP_MEETING, party_group__in=led_groups(user).values("pk")
    )


def led_groups(user: Any) -> QuerySet[PartyGroup]:
    """The Party groups whose leader `user` is today."""
    groups = PartyGroup.objects.filter(dissolved_on=None, branch__closed_on=None)
    if not getattr(user, "is_active", False) or user.member_id is None:
        return groups.none()
    held = Appointment.objects.in_force(access.today()).filter(
        office__of_group=True, member=user.member_id, party_group__isnull=False
    )
    return groups.filter(pk__in=held.values("party_group"))


def below(path: str) -> Q:
    """The activities of the branch at `path` and of all below it."""
    return access.REACH[Activity].below(path)


def visible_activities(user: Any) -> ActivityQuerySet:
    return cast(ActivityQuerySet, access.reachable(user, Activity))


def managed_activities(user: Any) -> ActivityQuerySet:
    """Those that `user` may plan, hold and record."""
    return cast(ActivityQuerySet, access.reachable(user, Activity, "change"))


def hosting_branches(user: Any) -> BranchQuerySet:
    """The branches for which `user` may plan activities of every kind."""
    branches = access.managed_branches(user, RIGHT)
    return branches.filter(closed_on=None)


def planning_branches(user: Any) -> BranchQuerySet:
    """Those, and the branches of the Party groups that `user` leads."""
    led = led_groups(user).values("branch")
    hosting = hosting_branches(user).values("pk")
    return cast(
        BranchQuerySet,
        Branch.objects.filter(Q(pk__in=hosting) | Q(pk__in=led), closed_on=None),
    )


def planned_groups(user: Any, branch: Branch) -> QuerySet[PartyGroup]:
    """The Party groups of `branch` whose meetings `user` may plan."""
    groups = PartyGroup.objects.filter(branch=branch, dissolved_on=None)
    if may_host(user, branch):
        return groups
    return groups & led_groups(user)


def may_host(user: Any, branch: Branch) -> bool:
    return hosting_branches(user).filter(pk=branch.pk).exists()


def may_plan(user: Any) -> bool:
    """Whether there is anything `user` may plan."""
    return access.may(user, f"members.{RIGHT}") or led_groups(user).exists()


def may_plan_this(user: Any, activity: Activity) -> bool:
    """Whether `user` may plan an activity as it stands here, saved or not."""
    if may_host(user, activity.branch):
        return True
    return (
        activity.kind == Activity.Kind.GROUP_MEETING
        and activity.party_group_id is not None
        and led_groups(user).filter(pk=activity.party_group_id).exists()
    )


def sees_some(user: Any) -> bool:
    """Whether the navigation leads `user` to activities."""
    if getattr(user, "administrator", ""):
        return False
    return bool(user.member_id) or bool(access.scope(user, RIGHT))


def co_hosts_for(user: Any, activity: Activity) -> BranchQuerySet:
    """The branches that may hold `activity` too: those `user` plans for, and those below
    the host."""
    found = Q(pk__in=hosting_branches(user).values("pk"))
    found |= Q(path__startswith=activity.branch.path)
    branches = Branch.objects.filter(found, closed_on=None)
    taken = activity.co_hosts.values("branch")
    return cast(
        BranchQuerySet, branches.exclude(pk=activity.branch_id).exclude(pk__in=taken)
    )


def expected(activity: Activity) -> MemberQuerySet:
    """Those in the Party whom the activity expects or invites, as of today (MIN-04).

    Not those whose membership is stopped: they take no part until it is given back.
    """
    members = Member.objects.filter(state__in=TAKE_PART)
    if activity.audience == Activity.Audience.GROUP:
        return members.filter(party_group=activity.party_group_id)
    if activity.audience == Activity.Audience.COMMITTEE:
        seats = Appointment.objects.in_force(access.today()).filter(
            COMMITTEE, branch=activity.branch_id
        )
        return members.filter(pk__in=seats.values("member"))
    hosts = Branch.objects.filter(
        Q(pk=activity.branch_id) | Q(pk__in=activity.co_hosts.values("branch"))
    )
    if activity.audience == Activity.Audience.BELOW:
        members = members.within([branch.path for branch in hosts])
    else:
        members = members.filter(branch__in=hosts)
    if activity.offices:
        held = Appointment.objects.in_force(access.today()).filter(
            office__code__in=activity.offices
        )
        members = members.filter(pk__in=held.values("member"))
    if activity.occupations:
        members = members.filter(occupation__in=activity.occupations)
    return members


def invited(activity: Activity) -> MemberQuerySet:
    """Those expected who are told of it: of an activity for an interest, who has it.

    Nobody else may learn who that is, so it decides nothing but what is told: others that
    are expected find the activity in their list and may sign up as well.
    """
    found = expected(activity)
    if activity.interests:
        fits = MemberInterest.objects.filter(interest__in=activity.interests)
        found = found.filter(pk__in=fits.values("member"))
    return found


def helped_members(user: User, activity: Activity) -> MemberQuerySet:
    """Those whom `user` may sign up for an activity in their place: all it invites for
    its host, those of the own branches for who plans for these, and those of the own
    Party group for its leader."""
    invited = expected(activity)
    if managed_activities(user).filter(pk=activity.pk).exists():
        return invited
    found = Q(party_group__in=led_groups(user))
    for path in access.scope(user, RIGHT):
        found |= Q(branch_path__below=path)
    return invited.filter(found)


def own_sign_ups(user: Any) -> SignUpQuerySet:
    member = getattr(user, "member_id", None)
    own = SignUp.objects.filter(member=member)
    return own if member and user.is_active else own.none()


def helped_sign_ups(user: Any) -> QuerySet[SignUp]:
    """The sign-ups that `user` may withdraw for others: by the host all of the activity,
    and those of whom one may sign up as well."""
    everything = SignUp.objects.select_related("activity__branch", "member")
    if not getattr(user, "is_active", False) or user.administrator:
        return everything.none()
    found = Q(activity__in=managed_activities(user).values("pk"))
    found |= Q(member__party_group__in=led_groups(user))
    for path in access.scope(user, RIGHT):
        found |= Q(member__branch_path__below=path)
    return everything.filter(found)


def changeable_sign_ups(user: Any) -> QuerySet[SignUp]:
    """Those whose note and answers `user` may change: one's own, and those one helps
    with."""
    helped = Q(pk__in=helped_sign_ups(user).values("pk"))
    own = Q(pk__in=own_sign_ups(user).values("pk"))
    found = SignUp.objects.filter(helped | own)
    return found.standing().select_related("activity__branch", "member")


def may_help(user: User) -> bool:
    """Whether `user` signs up others at all; for whom says `helped_members`."""
    if user.administrator:
        return False
    return bool(access.scope(user, RIGHT)) or led_groups(user).exists()


def is_expected(member: Member, activity: Activity) -> bool:
    return expected(activity).filter(pk=member.pk).exists()


def by_activity(which: Callable[[User], Q]) -> Callable[[User], Q]:
    """What hangs on the activities that `which` finds."""

    def find(user: User) -> Q:
        return Q(activity__in=Activity.objects.filter(which(user)).values("pk"))

    return find


def _seen(user: User) -> Q:
    return of_my_branch(user) | of_my_group(user)


# --- minutes ------------------------------------------------------------------------
def of_those_present(user: User) -> Q:
    """Signed minutes of meetings of the own branch that one was at; of a committee only
    for its members. Who signs reads them before."""
    member = user.member
    if member is None or not member.is_live:
        return NOTHING
    was_there = Attendance.objects.present().filter(
        activity=OuterRef("activity"), member=member.pk
    )
    seats = Appointment.objects.in_force(access.today()).filter(
        COMMITTEE, member=member.pk, branch=OuterRef("activity__branch")
    )
    hosts = CoHost.objects.filter(
        activity=OuterRef("activity"), branch=member.branch_id
    )
    signed = (
        ~Q(state=Minutes.State.DRAFT)
        & Q(Exists(was_there))
        & (Q(activity__branch=member.branch_id) | Q(Exists(hosts)))
        & (
            ~Q(activity__kind=Activity.Kind.COMMITTEE_MEETING)
            & ~Q(activity__audience=Activity.Audience.COMMITTEE)
            | Q(Exists(seats))
        )
    )
    return signed | Q(chair=member.pk) | Q(recorder=member.pk)


def visible_minutes(user: Any) -> MinutesQuerySet:
    return cast(MinutesQuerySet, access.reachable(user, Minutes))


def written_minutes(user: Any) -> MinutesQuerySet:
    """Those that `user` may write: of activities one manages, or as their recorder."""
    managed = access.reachable(user, Minutes, "change").values("pk")
    written = Q(pk__in=managed)
    if _live_member(user):
        written |= Q(recorder=user.member_id)
    return Minutes.objects.filter(written)


def written_items(user: Any) -> QuerySet[MinutesItem]:
    return MinutesItem.objects.filter(minutes__in=written_minutes(user))


def written_ballots(user: Any) -> QuerySet[Ballot]:
    """Votes on points of minutes that `user` writes."""
    return Ballot.objects.filter(item__minutes__in=written_minutes(user))


def countable_ballots(user: Any) -> QuerySet[Ballot]:
    """Ballots whose totals `user` may enter: open ones of minutes one writes, secret
    ones as a teller (MIN-08)."""
    found = Q(is_secret=False, item__minutes__in=written_minutes(user))
    if _live_member(user):
        found |= Q(monitor=user.member_id) | Q(counter=user.member_id)
    return Ballot.objects.filter(found)


def visible_resolutions(user: Any) -> ResolutionQuerySet:
    return cast(ResolutionQuerySet, access.reachable(user, Resolution))


def _live_member(user: Any) -> bool:
    member = (
        getattr(user, "member", None) if getattr(user, "is_active", False) else None
    )
    return member is not None and member.is_live


def my_resolutions(user: User) -> Q:
    """Those one is responsible for."""
    return Q(member=user.member_id) if _live_member(user) else NOTHING


access.register(
    Activity,
    access.Reach(
        "branch", view=RIGHT, change=RIGHT, also=_seen, also_change=of_my_group
    ),
)
# Who leads a Party group records its meetings as well.
_OF_GROUP = by_activity(of_my_group)
for _model in (SignUp, Attendance):
    access.register(
        _model,
        access.Reach(
            "activity__branch",
            view=RIGHT,
            change=RIGHT,
            also=_OF_GROUP,
            also_change=_OF_GROUP,
        ),
    )
access.register(Guest, access.Reach("activity__branch", view=RIGHT, change=RIGHT))
access.register(
    Minutes,
    access.Reach("activity__branch", view=RIGHT, change=RIGHT, also=of_those_present),
)
access.register(
    Resolution,
    access.Reach(
        "minutes__activity__branch", view=RIGHT, change=RIGHT, also=my_resolutions
    ),
)
access.let_administer(User.Administrator.SYSTEM, DutyRule, frozenset({"view", "add"}))
access.let_administer(User.Administrator.SYSTEM, BranchSize, frozenset({"view"}))
