"""What the log of the demonstration tells: a few sensitive fields that were read, and
other acts of its accounts. The same few rows at any size."""

from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from members.models import Notification, User
from members.services import audit

Act, Result = audit.Act, audit.Result

# Days before, hour, field, reason: read by the secretary in the member's record.
READ = (
    (41, 9, "phone", "电话通知本人参加支部党员大会"),
    (23, 15, "address", "走访慰问困难党员"),
    (9, 10, "id_number", "对照身份证核对党员信息"),
    (2, 16, "phone", "核对换届选举候选人登记表"),
)
# Days before, hour, account, act, result, what it says besides.
OTHERS: tuple[tuple[int, int, str, Act, Result, dict[str, str | int]], ...] = (
    (40, 8, "secretary", Act.SIGNED_IN, Result.DONE, {}),
    (23, 14, "secretary", Act.SIGNED_IN, Result.DONE, {}),
    (
        *(12, 11, "organizer", Act.EXPORTED, Result.DONE),
        {"reason": "年度党员统计", "format": "xlsx"},
    ),
    (12, 11, "organizer", Act.EXPORT_DOWNLOADED, Result.DONE, {"rows": 12}),
    (
        *(5, 20, "member", Act.ACCESS_REFUSED, Result.REFUSED),
        {"route": "members:member_detail", "method": "GET", "key": "1"},
    ),
    (2, 15, "secretary", Act.SIGN_IN_FAILED, Result.REFUSED, {}),
    (2, 16, "secretary", Act.SIGNED_IN, Result.DONE, {}),
)


def leave_traces(today: date) -> None:
    """Write the log, and what the member was told; needs the accounts."""
    told_of = {"member", *(name for _days, _hour, name, *_rest in OTHERS)}
    known = User.objects.filter(username__in=told_of).select_related("member__branch")
    users = {user.username: user for user in known}
    for days, hour, name, act, result, said in OTHERS:
        if user := users.get(name):
            at = moment(today, days, hour)
            audit.record(act, by=user, result=result, at=at, **said)
    if "member" in users and "secretary" in users:
        for days, hour, field, reason in READ:
            at = moment(today, days, hour)
            tell_of(users["member"], users["secretary"], field, reason, at)
    audit.seal()


def tell_of(user: User, by: User, field: str, reason: str, at: datetime) -> None:
    member = user.member
    if member is None:
        return
    audit.record(
        Act.REVEALED,
        by=by,
        subject=member,
        branch=member.branch,
        member=member,
        reason=reason,
        at=at,
        field=field,
        office="secretary",
        held_in=member.branch.name,
    )
    told = Notification.objects.create(
        user=user,
        kind=Notification.Kind.REVEALED,
        context={"who": by.get_full_name(), "field": field, "reason": reason},
        url=f"{reverse('members:member_self')}#reveals",
        read_at=at + timedelta(hours=5),
    )
    Notification.objects.filter(pk=told.pk).update(created_at=at)


def moment(today: date, days: int, hour: int) -> datetime:
    day = today - timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(hour, 7 * days % 60)))
