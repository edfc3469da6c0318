"""What the app announces: facts, in the transaction that wrote them."""

from django.dispatch import Signal

activity_announced = Signal()  # activity
activity_cancelled = Signal()  # activity
activity_held = Signal()  # activity
signed_up = Signal()  # sign_up: of somebody who has a seat now
attendance_recorded = Signal()  # attendance: whatever it says, each time it changed
# For ledgers: once for each activity and member, when an activity was held and the member
# was present; and once when a correction takes that away.
took_part = (
    Signal()
)  # attendance, activity, member, kind (of the activity), on (a date)
took_part_not = Signal()  # the same
