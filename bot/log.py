"""One log, structured, with identifiers only: one processor redacts what must never be in it, whoever logs it."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = (
    (re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{20,}"), "[token]"),
    (re.compile(r"(?:whatsapp:)?\+\d{6,15}"), "[number]"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[email]"),
    (re.compile(r"(?<![\w-])\d{7,}(?![\w-])"), "[digits]"),
)


def redact(text: str) -> str:
    """`text` without tokens, telephone numbers, e-mail addresses and long digit runs."""
    for pattern, word in _SECRETS:
        text = pattern.sub(word, text)
    return text


def _redacting(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items() if key != "timestamp"} | (
        {"timestamp": event["timestamp"]} if "timestamp" in event else {}
    )


class _Redact(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


class _Plain(logging.Formatter):
    def formatException(self, ei: Any) -> str:
        return redact(super().formatException(ei))


def configure(json: bool = True) -> None:
    """Sets up logging for a process. Client libraries that log addresses or tokens are kept to warnings."""
    handler = logging.StreamHandler()
    handler.addFilter(_Redact())
    handler.setFormatter(_Plain("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("httpx", "httpcore", "twilio.http_client", "uvicorn.access", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # it logs bodies it cannot read
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redacting,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
