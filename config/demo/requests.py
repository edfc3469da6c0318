"""Requests for correction in the demonstration: open, answered and taken back."""

from datetime import datetime, timedelta
from random import Random

from config.demo import words
from config.demo.lives import Change, Life, Lives
from members.models import Correction, Member, User

State = Correction.State


class Requests:
    """Makes requests; what an accepted one corrected becomes part of the life."""

    def __init__(self, random: Random, lives: Lives):
        self.random, self.lives = random, lives

    def ask(
        self, life: Life, keeper: User | None, asked_at: datetime, state: str
    ) -> Correction | None:
        """A request by the account of `life`, answered by `keeper` of the roll."""
        if life.last_state not in Member.LIVE or asked_at <= life.member.created_at:
            return None
        name, proposed = self.wish(life)
        correction = Correction(
            member=life.member,
            field=name,
            proposed=proposed,
            note="联系方式已变更" if name == "phone" else "与本人情况不符,请核对",
            asked_by=life.account,
            asked_at=asked_at,
        )
        if keeper is None or keeper is life.account:
            return correction
        answered_at = asked_at + timedelta(hours=self.random.randint(3, 60))
        if state == State.OPEN or answered_at >= self.lives.latest:
            return correction
        correction.state, correction.answered_at = state, answered_at
        if state == State.WITHDRAWN:
            return correction
        correction.answered_by = keeper
        correction.answer = "已更正。"
        if state == State.ACCEPTED:
            life.changes.append(Change(answered_at, {name: proposed}))
            life.changes.sort(key=lambda change: change.at)
        else:
            correction.answer = "请先提供证明材料原件,核对后再更正。"
        return correction

    def wish(self, life: Life) -> tuple[str, str]:
        """A field and what would be right; never what the record says."""
        random = self.random
        name = random.choice(("phone", "phone", "address", "employer", "native_place"))
        if name == "phone":
            return name, self.lives.phone()
        place = random.choice(words.PLACE_FIRST) + random.choice(words.PLACE_SECOND)
        if name == "address":
            return name, f"{words.COUNTIES[0]}{place}路{random.randint(301, 400)}号"
        if name == "employer":
            return name, f"{place}{random.choice(words.FIRMS)}"
        return name, f"安徽{place}"
