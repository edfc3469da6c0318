"""What the app listens to."""

from django.dispatch import receiver
from django.utils import timezone

from activities.services import releases
from members.models import Member
from members.signals import member_state_changed


@receiver(member_state_changed)
def give_seats_to_who_waits(sender, member, **kwargs):
    """Who is no longer in the Party, or whose membership stopped, takes part no more.

    A record that was entered by mistake holds no seat: with one it would stand. Of those
    there are many at once.
    """
    if member.state != Member.State.VOIDED:
        releases.release(now=timezone.now(), member=member)
