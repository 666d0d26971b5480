"""The day it is, taken from outside so that tests can choose it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Today = Callable[[], date]


def today_utc() -> date:
    """Today in UTC."""
    return datetime.now(UTC).date()
