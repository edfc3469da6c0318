"""Sessions in the database, with a copy in the cache; the setting SESSION_ENGINE.

What a session holds of its owner: `since` and `seen`, seconds of the epoch at which it
signed in and was last used; `address` and `agent`, from where; `confirmed`, when the
password was last given; `second_factor`, "waiting" or "passed", absent without one.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import cached_db, db
from redis.exceptions import RedisError

from members.models import Session

logger = logging.getLogger(__name__)


class SessionStore(cached_db.SessionStore):
    cache_key_prefix = "session:"

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        user = data.get(SESSION_KEY)
        session.user_id = int(user) if user else None
        if "since" in data:
            session.created_at = datetime.fromtimestamp(data["since"], UTC)
            session.last_seen_at = datetime.fromtimestamp(data["seen"], UTC)
        session.address, session.agent = data.get("address"), data.get("agent", "")
        return session

    # The cache may be away: the database has it all (RL-09).

    def load(self) -> dict[str, Any]:
        try:
            return dict(super().load())
        except RedisError:
            return dict(db.SessionStore.load(self))

    def exists(self, session_key: str) -> bool:
        return bool(db.SessionStore.exists(self, session_key))

    def delete(self, session_key: str | None = None) -> None:
        try:
            super().delete(session_key)
        except RedisError as reason:
            logger.warning("A session that ended may lie in the cache: %s", reason)
