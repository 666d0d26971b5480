"""Where messages wait while the database is down: one sealed file each, written through to the disk, drained in order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.channels.base import Inbound
from bot.gateway.inbox import dump, load
from bot.store.seal import Sealer, SealError

log = structlog.get_logger()


class SpoolFull(Exception):
    """The spool is full or its disk is: the provider must be told to come again."""


class Spool:
    """A folder of sealed messages. Opening it proves that it can be written, so a wrong path stops the start."""

    def __init__(self, folder: Path, sealer: Sealer, limit_bytes: int, clock_ns: Callable[[], int] = time.time_ns) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
        self._folder, self._sealer, self._limit, self._clock_ns = folder, sealer, limit_bytes, clock_ns

    def write(self, inbound: Inbound) -> None:
        """Keeps the message safe on disk; raises SpoolFull when it cannot."""
        sealed = self._sealer.seal(dump(inbound))
        if self.size() + len(sealed) > self._limit:
            raise SpoolFull
        name = f"{self._clock_ns():020d}-{os.getpid()}"
        temporary = self._folder / f".{name}"
        try:
            with temporary.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._folder / f"{name}.sealed")
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SpoolFull from error

    def drain(self, store: Callable[[Inbound, datetime], object]) -> int:
        """Hands each message and its time of arrival to `store`, oldest first, and removes it; stops at the first error, which is raised.

        A file that does not open (its key is gone) is set aside under `.unreadable`, never deleted.
        """
        done = 0
        for path in sorted(self._folder.glob("*.sealed")):
            try:
                inbound = load(self._sealer.open(path.read_bytes()))
            except FileNotFoundError:
                continue  # another process drains the same folder; storing twice would change nothing
            except (SealError, TypeError, KeyError, ValueError) as error:
                log.critical("a spooled message does not open; it is kept as .unreadable", kind=type(error).__name__)
                path.rename(path.with_suffix(".unreadable"))
                continue
            store(inbound, datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, UTC))
            path.unlink(missing_ok=True)
            done += 1
        return done

    def size(self) -> int:
        """Bytes waiting."""
        total = 0
        for path in self._folder.glob("*.sealed"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total
