"""What the ground announces. Each is sent inside the transaction of the fact."""

from django.dispatch import Signal

member_enrolled = Signal()  # member, change: StateChange
member_state_changed = Signal()  # member, change: StateChange
appointment_made = Signal()  # appointment
appointment_ended = Signal()  # appointment
branch_moved = Signal()  # branch, change: BranchChange
branch_closed = Signal()  # branch, change: BranchChange
# Outside of any transaction rules: a value was read and did not open.
seal_broken = Signal()  # table, column, row
