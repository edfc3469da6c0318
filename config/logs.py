"""Lines of the log: one for each event, each with the request or task it belongs to.

Logs carry keys and never names; an address is logged without its query, which may hold
what somebody searched for. `LOG_FORMAT=json` writes one JSON object a line, for a
collector of logs (SEC-42): "event", "level", "logger", "timestamp", "request", and
"exception" where there is one.
"""

import logging

import structlog
from celery import current_task

from members.origin import origin


def request_of(record: logging.LogRecord) -> str:
    """The id of the request or of the task that logs; empty outside of both.

    Django logs an answer of 400 and above after the middleware, with the request itself.
    """
    request = getattr(record, "request", None)
    task = current_task.request.id if current_task else None
    return getattr(request, "request_id", "") or origin.get().request_id or task or ""


class LineFormatter(logging.Formatter):
    """Time, level, logger, request, message; what was logged breaks no line (IN-12)."""

    def __init__(self):
        super().__init__(
            "{asctime} {levelname} {name} {request_id} {message}", style="{"
        )

    def formatMessage(self, record):  # noqa: N802 - logging calls it so
        record.request_id = request_of(record) or "-"
        record.message = escape(record.message)
        return super().formatMessage(record)


def escape(text: str) -> str:
    """`text` with control characters and line ends of any kind written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def add_request(_logger, _method, event):
    return event | {"request": request_of(event["_record"])}


JSON = {
    "()": structlog.stdlib.ProcessorFormatter,
    "foreign_pre_chain": [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request,
        structlog.processors.format_exc_info,
    ],
    "processors": [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ],
}
