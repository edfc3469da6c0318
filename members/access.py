"""Who may do what: the only reader of grants.

Rights are given on branches, by django-guardian, and reach every branch below by path
prefix. `REACH` says for each model how a record is tied to a branch and which right on
that branch shows or changes it. `reachable` turns that into a queryset, and `may` asks
whether one record is in that queryset, so a list and a check cannot disagree (AZ-04).

The paths an account was given are read once and kept on the user object, that is for one
request, as Django keeps model permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.models import (
    Alarm,
    ApiToken,
    Appointment,
    AuditEntry,
    Branch,
    BranchChange,
    BranchGrant,
    Correction,
    CreditHour,
    Export,
    ImportBatch,
    JobRun,
    LocalCode,
    MailAddress,
    Member,
    MemberGrant,
    Notification,
    Office,
    Outbox,
    PartyGroup,
    RollInquiry,
    StateChange,
    Term,
    User,
    Webhook,
)
from members.models.branch import BranchQuerySet
from members.models.member import MemberQuerySet
from members.models.office import AppointmentQuerySet


@dataclass(frozen=True)
class Reach:
    """How records of a model are reached.

    branch: lookup from the record to its branch, "" for the branch itself, None if the
    record belongs to no branch. path: lookup to a copy of the branch's path. view,
    change: the right on that branch. person: lookup to the member whose single-record
    grants count too. own: lookup to the account that sees the record as its own.
    only_own: the right on the branch is needed besides. also, also_change: what an
    account sees or changes without any right, as the activities of its own branch and
    the meetings of the Party group it leads. only: what all of it must fit besides.
    """

    branch: str | None = None
    view: str = ""
    change: str = ""
    person: str | None = None
    own: str | None = None
    only_own: bool = False
    path: str | None = None
    also: Callable[[User], Q] | None = None
    also_change: Callable[[User], Q] | None = None
    only: Callable[[], Q] | None = None

    def below(self, path: str) -> Q:
        """What is tied to a branch at or below `path`."""
        if self.path is not None:
            return Q(**{f"{self.path}__below": path})
        return Q(**{_join(str(self.branch), "path__startswith"): path})


REACH: dict[type[models.Model], Reach] = {
    Branch: Reach("", "view_branch", "change_branch"),
    Term: Reach("branch", "view_branch", "change_branch"),
    PartyGroup: Reach("branch", "view_branch", "change_branch"),
    BranchChange: Reach("branch", "view_branch", "manage_tree"),
    Appointment: Reach("branch", "view_branch", "manage_offices"),
    Member: Reach("branch", "view_roll", "manage_roll", person="", path="branch_path"),
    StateChange: Reach(
        "member__branch",
        "view_roll",
        "manage_roll",
        person="member",
        path="member__branch_path",
    ),
    CreditHour: Reach(
        "member__branch", "view_roll", person="member", path="member__branch_path"
    ),
    Correction: Reach("member__branch", "manage_roll", "manage_roll", own="asked_by"),
    ImportBatch: Reach("branch", "manage_roll", "manage_roll"),
    Export: Reach(
        "branch", "export_roll", "export_roll", own="requested_by", only_own=True
    ),
    User: Reach("member__branch", "manage_roll", "manage_roll", own=""),
    Notification: Reach(own="user"),
    ApiToken: Reach(own="user"),
    MailAddress: Reach(own="user"),
    BranchGrant: Reach("content_object", "explain_access"),
    MemberGrant: Reach("content_object__branch", "explain_access"),
}

# What each of the three administrators may do, in the admin only. None of them reads a
# record of a person (AZ-09); nobody deletes.
ADMINISTRATORS: dict[str, dict[type[models.Model], frozenset[str]]] = {
    User.Administrator.SYSTEM: {
        User: frozenset({"view", "add", "change"}),
        Branch: frozenset({"view", "add", "change"}),
        BranchChange: frozenset({"view"}),
        Term: frozenset({"view", "add", "change"}),
        LocalCode: frozenset({"view", "add", "change"}),
        Office: frozenset({"view"}),
        Alarm: frozenset({"view"}),
        JobRun: frozenset({"view"}),
        Outbox: frozenset({"view"}),
        Webhook: frozenset({"view", "add", "change"}),
    },
    User.Administrator.SECURITY: {
        Alarm: frozenset({"view"}),
        ImportBatch: frozenset({"view"}),
        Webhook: frozenset({"view", "add", "change"}),
        User: frozenset({"view", "change"}),
        Branch: frozenset({"view"}),
        Office: frozenset({"view", "add", "change"}),
        BranchGrant: frozenset({"view", "add", "change"}),
    },
    User.Administrator.AUDIT: {
        Alarm: frozenset({"view"}),
        Webhook: frozenset({"view"}),
        User: frozenset({"view"}),
        Branch: frozenset({"view"}),
        BranchChange: frozenset({"view"}),
        BranchGrant: frozenset({"view"}),
        ImportBatch: frozenset({"view"}),
        Export: frozenset({"view"}),
        RollInquiry: frozenset({"view"}),
        Office: frozenset({"view"}),
        LocalCode: frozenset({"view"}),
        AuditEntry: frozenset({"view"}),
    },
}

# Of these tables an administrator is given some records only: uploads that are held.
NARROWED: dict[tuple[str, type[models.Model]], Q] = {
    (User.Administrator.SECURITY, ImportBatch): Q(state=ImportBatch.State.HELD),
}

# Rights on a branch that are asked for by name, with a branch or anything in one.
BRANCH_RIGHTS = frozenset(
    {
        "manage_tree",
        "view_roll",
        "manage_roll",
        "export_roll",
        "manage_offices",
        "explain_access",
        "reveal_sensitive",
        "manage_activities",
        "manage_appraisals",
    }
)


def register(model: type[models.Model], reach: Reach) -> None:
    """Let records of an app above be reached as those here are."""
    REACH[model] = reach


def let_administer(
    role: str, model: type[models.Model], actions: frozenset[str]
) -> None:
    """Let an administrator see or write a table of an app above."""
    ADMINISTRATORS[role][model] = actions


def today() -> date:
    """The date in Shanghai, by which all limits are judged (CNT-04)."""
    return timezone.localdate()


# --- what was given -----------------------------------------------------------------
def scope(user: User, right: str, *, on: date | None = None) -> list[str]:
    """The paths of the branches on which `user` holds `right`, by grants in force."""
    return _given(user, on or today()).get(right, [])


def _given(user: User, on: date) -> dict[str, list[str]]:
    kept = user.__dict__.get("_scope")
    if kept is None or kept[0] != on:
        kept = user.__dict__["_scope"] = (on, _granted_paths(user, on))
    return cast("dict[str, list[str]]", kept[1])


def _granted_paths(user: User, on: date) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    if user.pk is None or not user.is_active or user.administrator:
        return paths
    grants = BranchGrant.objects.in_force(on).filter(user=user)
    for right, path in grants.values_list(
        "permission__codename", "content_object__path"
    ).distinct():
        paths.setdefault(right, []).append(path)
    return paths


def own_holders(right: str) -> dict[int, list[User]]:
    """By branch, the accounts that were given `right` on it itself, not from above."""
    grants = BranchGrant.objects.in_force(today()).filter(
        permission__codename=right, user__is_active=True, user__administrator=""
    )
    holders: dict[int, dict[int, User]] = {}
    for grant in grants.select_related("user").order_by("pk"):
        holders.setdefault(grant.content_object_id, {})[grant.user_id] = grant.user
    return {branch: list(users.values()) for branch, users in holders.items()}


def forget(user: User) -> None:
    """Read the grants of `user` anew at the next question."""
    user.__dict__.pop("_scope", None)


def is_officer(user: User) -> bool:
    """Whether `user` may see or do more with records than members may; who leads a Party
    group sees the branch alone and is none."""
    return bool(_given(user, today()).keys() - {"view_branch"})


def needs_care(user: User) -> bool:
    """Whether more than the own record hangs on the account: administrators, officers,
    readers of G4 among them (SEC-28)."""
    return bool(user.administrator) or is_officer(user)


def needs_second_factor(user: User) -> bool:
    """Whether the password alone does not let `user` in (AN-06)."""
    return settings.SECOND_FACTOR and needs_care(user)


# --- which records --------------------------------------------------------------------
def reachable(
    user: Any,
    model: type[models.Model],
    action: str = "view",
    *,
    on: date | None = None,
) -> models.QuerySet:
    """The records of `model` on which `user` may do `action`.

    action: "view", "change", "add" (change, for a record that stands), or one of
    BRANCH_RIGHTS.
    """
    everything = model._default_manager.all()
    if not getattr(user, "is_active", False) or action == "delete":
        return everything.none()
    user = cast(User, user)
    if user.administrator:
        given = ADMINISTRATORS[user.administrator].get(model, frozenset())
        some = NARROWED.get((user.administrator, model), Q())
        return everything.filter(some if action in given else _own(user, model))
    reach = REACH.get(model)
    if reach is None:
        return everything.none()
    found = everything.filter(_condition(user, model, reach, action, on or today()))
    return found if reach.only is None else found.filter(reach.only())


NOTHING = Q(pk__in=[])


def _own(user: User, model: type[models.Model]) -> Q:
    """What is an account's own whatever it may do else: itself and its inbox."""
    reach = REACH.get(model)
    if reach is None or reach.own is None or reach.only_own:
        return NOTHING
    return Q(pk=user.pk) if reach.own == "" else Q(**{reach.own: user})


def _condition(
    user: User, model: type[models.Model], reach: Reach, action: str, on: date
) -> Q:
    right = action if action in BRANCH_RIGHTS else reach.view
    if action in {"add", "change"}:
        right = reach.change
    found = NOTHING
    if reach.branch is not None and right:
        for path in scope(user, right, on=on):
            found |= reach.below(path)
        if right == "view_branch" and user.member is not None and user.member.is_live:
            found |= Q(**{_join(reach.branch, "pk"): user.member.branch_id})
    if reach.only_own:
        return found & Q(**{str(reach.own): user})
    if reach.person is not None and (codename := _record_right(action)):
        granted = MemberGrant.objects.in_force(on).filter(
            user=user, permission__codename=codename
        )
        found |= Q(**{_join(reach.person, "pk__in"): granted.values("content_object")})
    if action == "view":
        found |= _own(user, model)
        if reach.also is not None:
            found |= reach.also(user)
    elif action in {"add", "change"} and reach.also_change is not None:
        found |= reach.also_change(user)
    return found


def _join(lookup: str, rest: str) -> str:
    return f"{lookup}__{rest}" if lookup else rest


def _record_right(action: str) -> str:
    return {"view": "view_member", "change": "change_member"}.get(action, "")


# --- yes or no ------------------------------------------------------------------------
def may(user: Any, perm: str, obj: models.Model | None = None) -> bool:
    """The answer behind `user.has_perm(perm, obj)`.

    perm: "members.view_member", "members.manage_roll", … Without `obj`: whether there
    may be any such record, which is what the admin asks to show a menu entry.
    """
    app_label, _, codename = perm.partition(".")
    if not getattr(user, "is_active", False):
        return False
    if app_label == "members" and codename in BRANCH_RIGHTS:
        if obj is None:
            return bool(scope(user, codename))
        return _holds(user, codename, obj)
    action, _, model_name = codename.partition("_")
    label = f"{app_label}.{model_name}"
    model = next((m for m in _known() if m._meta.label_lower == label), None)
    if model is None or action == "delete":
        return False
    if obj is None:
        return _may_any(user, model, action)
    return type(obj) is model and _holds(user, action, obj)


def _known() -> Iterable[type[models.Model]]:
    return REACH.keys() | {
        model for given in ADMINISTRATORS.values() for model in given
    }


def _holds(user: User, action: str, obj: models.Model) -> bool:
    if obj.pk is None:
        return False
    return reachable(user, type(obj), action).filter(pk=obj.pk).exists()


def _may_any(user: User, model: type[models.Model], action: str) -> bool:
    if user.administrator:
        return action in ADMINISTRATORS[user.administrator].get(model, frozenset())
    reach = REACH.get(model)
    if reach is None:
        return False
    right = reach.view if action == "view" else reach.change
    return bool(right and scope(user, right))


def may_enter(user: Any, app_label: str) -> bool:
    """Whether the admin shows the app: to administrators and to staff with an office."""
    if not getattr(user, "is_active", False) or not user.is_staff:
        return False
    if app_label not in {model._meta.app_label for model in _known()}:
        return False
    return bool(user.administrator) or bool(scope(user, "view_branch"))


# --- by name --------------------------------------------------------------------------
def visible_branches(user: Any) -> BranchQuerySet:
    return cast(BranchQuerySet, reachable(user, Branch))


def managed_branches(user: Any, right: str = "change") -> BranchQuerySet:
    """The branches on which `user` holds `right`, with all branches below them.

    None for an administrator: what those may change they change in the administration,
    which asks `reachable`.
    """
    found = cast(BranchQuerySet, reachable(user, Branch, right))
    return found.none() if getattr(user, "administrator", "") else found


def visible_members(user: Any) -> MemberQuerySet:
    return cast(MemberQuerySet, reachable(user, Member))


def managed_members(user: Any) -> MemberQuerySet:
    return cast(MemberQuerySet, reachable(user, Member, "change"))


def roll_members(user: Any) -> MemberQuerySet:
    """Those `user` sees by right on a branch, own record and named purposes left out."""
    return cast(MemberQuerySet, reachable(user, Member, "view_roll"))


def visible_appointments(user: Any) -> AppointmentQuerySet:
    return cast(AppointmentQuerySet, reachable(user, Appointment))


def visible_corrections(user: Any) -> models.QuerySet[Correction]:
    return reachable(user, Correction)


def managed_corrections(user: Any) -> models.QuerySet[Correction]:
    return reachable(user, Correction, "change")


def visible_imports(user: Any) -> models.QuerySet[ImportBatch]:
    return reachable(user, ImportBatch)


def visible_exports(user: Any) -> models.QuerySet[Export]:
    return reachable(user, Export)


def managed_imports(user: Any) -> models.QuerySet[ImportBatch]:
    """Rosters that `user` may look into and decide on; an auditor sees only the list."""
    return reachable(user, ImportBatch, "change")


def managed_exports(user: Any) -> models.QuerySet[Export]:
    """The files `user` asked for and still may have."""
    return reachable(user, Export, "change")


def exported_members(user: Any) -> MemberQuerySet:
    """Those whose records, masked, `user` may take away in a file."""
    return roll_members(user) & cast(
        MemberQuerySet, reachable(user, Member, "export_roll")
    )


def revealable_members(user: Any) -> MemberQuerySet:
    """Those whose sensitive fields `user` may read in full, one by one and for a reason.

    The right alone is not enough: whose record one may not see has nothing to reveal.
    """
    return roll_members(user) & cast(
        MemberQuerySet, reachable(user, Member, "reveal_sensitive")
    )


def visible_tokens(user: Any) -> models.QuerySet[ApiToken]:
    return reachable(user, ApiToken)


def top_branches(user: Any) -> BranchQuerySet:
    """The highest branches `user` may see: where a tree of them begins."""
    visible = visible_branches(user)
    if user.administrator:
        return visible.filter(parent=None)
    paths = scope(user, "view_branch")
    tops = Q(path__in=[path for path in paths if not _below_another(path, paths)])
    if user.member is not None and not user.member.branch.is_within(paths):
        tops |= Q(pk=user.member.branch_id)
    return visible.filter(tops)


def _below_another(path: str, paths: list[str]) -> bool:
    return any(path != other and path.startswith(other) for other in paths)


def sees_branch(user: User, branch: Branch) -> bool:
    """Whether `branch` is among `visible_branches(user)`, without asking the database."""
    if user.administrator or not user.is_active:
        return visible_branches(user).filter(pk=branch.pk).exists()
    member = user.member
    is_own = member is not None and member.is_live and member.branch_id == branch.pk
    return is_own or branch.is_within(scope(user, "view_branch"))


def rights_on(user: User, branch: Branch) -> set[str]:
    """The rights that `user` holds on `branch` by grants, all from one reading."""
    rights = BRANCH_RIGHTS | {"view_branch", "change_branch"}
    return {right for right in rights if branch.is_within(scope(user, right))}


def can_move(user: User, branch: Branch) -> bool:
    """Whether `user` may put `branch` elsewhere: the superior does (ORG-14)."""
    return branch.is_within(_scope_above(user, "manage_tree", branch))


def can_close(user: User, branch: Branch) -> bool:
    """Whether `user` may close `branch`: the superior does, never its own secretary."""
    return branch.is_within(_scope_above(user, "manage_tree", branch))


def can_restructure(user: User, branch: Branch) -> bool:
    """Whether `user` may change what the superior settles: name, code, kind, term.

    The root of the tree has no superior in the portal and settles it for itself.
    """
    if branch.parent_id is None:
        return branch.is_within(scope(user, "manage_tree"))
    return branch.is_within(_scope_above(user, "manage_tree", branch))


def can_appoint(user: User, office: Office, branch: Branch) -> bool:
    """Whether `user` may appoint to `office` in `branch`, or end an appointment to it.

    Needs manage_offices there, from above where the office needs the superior (ORG-26)
    and in a temporary branch (ORG-12), and every right that the office gives: nobody
    gives more than held (AZ-08).
    """
    paths = scope(user, "manage_offices")
    if (office.needs_superior or branch.is_temporary) and branch.parent_id is not None:
        paths = _scope_above(user, "manage_offices", branch)
    if not branch.is_within(paths):
        return False
    given = [permission.codename for permission in office.permissions.all()]
    return all(branch.is_within(scope(user, right)) for right in given)


def can_open_account(user: User, member: Member) -> bool:
    """Whether `user` may open, reset and switch the account of `member`.

    Needs manage_roll on the branch, and every right the account has or will have: who
    hands out its first password could sign in with it (AZ-08).
    """
    if not member.branch.is_within(scope(user, "manage_roll")):
        return False
    by_office = Appointment.objects.not_over(today()).filter(member=member)
    by_purpose = BranchGrant.objects.not_over(today()).filter(
        user__member=member, appointment=None
    )
    rights = by_office.values_list("office__permissions__codename", "branch__path")
    rights = rights.order_by().union(
        by_purpose.values_list("permission__codename", "content_object__path")
    )
    if not all(
        any(path.startswith(held) for held in scope(user, right))
        for right, path in rights
        if right
    ):
        return False
    records = MemberGrant.objects.not_over(today()).filter(user__member=member)
    others = records.exclude(purpose=MemberGrant.OWNER)
    keys = set(others.values_list("content_object", flat=True))
    return not keys or managed_members(user).filter(pk__in=keys).count() == len(keys)


def _scope_above(user: User, right: str, branch: Branch) -> list[str]:
    """The scope of a right without what was given on `branch` itself."""
    return [path for path in scope(user, right) if path != branch.path]


# --- why ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reason:
    """One ground on which an account may see a record, or do more with it.

    kind: "appointment", "purpose" (a grant on a branch), "owner", "record" (a grant on
    this record), "membership" (of the branch) or "administrator". rights: one or more of
    "view", "reveal" (read the sensitive fields in full) and "change". Members of a branch are counted, not listed: `user` is None then.
    """

    user: User | None
    kind: str
    rights: tuple[str, ...]
    branch: Branch | None = None
    appointment: Appointment | None = None
    purpose: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    count: int = 1


def explain(
    obj: Branch | Member, *, user: User | None = None, on: date | None = None
) -> list[Reason]:
    """Why accounts may see or change `obj` (or only why `user` may): every ground.

    An account has a ground with the right "view" if and only if it may view `obj`; so
    for "reveal" and "change" (AZ-04).
    """
    on = on or today()
    accounts = User.objects.filter(is_active=True)
    if user is not None:
        accounts = accounts.filter(pk=user.pk)
    people = accounts.filter(administrator="")
    reasons = _branch_reasons(obj, people, on)
    if isinstance(obj, Member):
        reasons += _record_reasons(obj, people, on)
    else:
        reasons += _membership_reasons(obj, people, listed=user is not None)
    return reasons + _administrator_reasons(type(obj), accounts)


def _branch_reasons(
    obj: Branch | Member, people: models.QuerySet[User], on: date
) -> list[Reason]:
    branch = obj if isinstance(obj, Branch) else obj.branch
    reach = REACH[type(obj)]
    actions = {reach.view: "view", reach.change: "change"}
    if isinstance(obj, Member):
        actions["reveal_sensitive"] = "reveal"
    grants = (
        BranchGrant.objects.in_force(on)
        .filter(
            user__in=people,
            permission__codename__in=actions,
            content_object__path__in=[*branch.paths_above(), branch.path],
        )
        .select_related(
            "permission",
            "user__member",
            "content_object",
            "appointment__office",
            "appointment__member",
        )
        .order_by("content_object__path", "user__username", "appointment", "purpose")
    )
    return _together(
        Reason(
            grant.user,
            "appointment" if grant.appointment_id else "purpose",
            (actions[grant.permission.codename],),
            branch=grant.content_object,
            appointment=grant.appointment,
            purpose=grant.purpose,
            starts_on=grant.starts_on,
            ends_on=grant.ends_on,
        )
        for grant in grants
    )


def _record_reasons(
    member: Member, people: models.QuerySet[User], on: date
) -> list[Reason]:
    actions = {"view_member": "view", "change_member": "change"}
    grants = (
        MemberGrant.objects.in_force(on)
        .filter(
            user__in=people, content_object=member, permission__codename__in=actions
        )
        .select_related("permission", "user__member")
        .order_by("user__username", "purpose")
    )
    return _together(
        Reason(
            grant.user,
            "owner" if grant.purpose == MemberGrant.OWNER else "record",
            (actions[grant.permission.codename],),
            purpose=grant.purpose,
            starts_on=grant.starts_on,
            ends_on=grant.ends_on,
        )
        for grant in grants
    )


def _membership_reasons(
    branch: Branch, people: models.QuerySet[User], *, listed: bool
) -> list[Reason]:
    own = people.filter(member__branch=branch, member__state__in=Member.LIVE)
    if listed:
        return [Reason(one, "membership", ("view",), branch=branch) for one in own]
    count = own.count()
    if not count:
        return []
    return [Reason(None, "membership", ("view",), branch=branch, count=count)]


def _administrator_reasons(
    model: type[models.Model], accounts: models.QuerySet[User]
) -> list[Reason]:
    rights = {
        role: tuple(a for a in ("view", "change") if a in given.get(model, ()))
        for role, given in ADMINISTRATORS.items()
    }
    roles = [role for role in rights if rights[role]]
    if not roles:
        return []
    found = accounts.filter(administrator__in=roles).order_by("username")
    return [Reason(one, "administrator", rights[one.administrator]) for one in found]


def _together(reasons: Iterable[Reason]) -> list[Reason]:
    """Join what differs in nothing but the right, "view" first."""
    joined: dict[Reason, set[str]] = {}
    for reason in reasons:
        joined.setdefault(replace(reason, rights=()), set()).update(reason.rights)
    return [
        replace(reason, rights=tuple(sorted(rights, reverse=True)))
        for reason, rights in joined.items()
    ]
