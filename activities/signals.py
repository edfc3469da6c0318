"""What the app announces: facts, in the transaction that wrote them."""

from django.dispatch import Signal

activity_announced = Signal()  # activity
activity_cancelled = Signal()  # activity
activity_held = Signal()  # activity
signed_up = Signal()  # sign_up: of somebody who has a seat now
attendance_recorded = Signal()  # attendance
