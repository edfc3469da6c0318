"""What is written together: the people of some branches."""

from dataclasses import dataclass, field

from config.demo.activities import Planned
from config.demo.lives import Life
from config.demo.officers import Held
from members.models import Correction, PartyGroup, User

BATCH = 2000  # people, from which on a batch is written


@dataclass
class Batch:
    lives: list[Life] = field(default_factory=list)
    groups: list[PartyGroup] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    keepers: dict[int, User] = field(default_factory=dict)  # by branch
    planned: list[Planned] = field(default_factory=list)
    # What was written of them, by primary key: for what hangs on them.
    activities: dict[int, Planned] = field(default_factory=dict)
