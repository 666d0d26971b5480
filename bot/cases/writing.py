"""One transaction of changes to cases: who makes it, when, and its lines in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, update

from bot.consent import audit
from bot.store.seal import Sealer
from bot.store.tables import case_file
from bot.store.vault import Vault

Line = tuple[str, str, str | None, str | None]


@dataclass(frozen=True)
class Writing:
    """What every change needs. Changes and their audit lines stand or fall together: see `Cases.changing`."""

    connection: Connection
    sealer: Sealer
    vault: Vault
    by: str
    now: datetime
    _lines: list[Line] = field(default_factory=list)

    def audit(self, action: str, person_id: str | None = None, case_id: str | None = None, outcome: str = "done") -> None:
        """One line of the audit log; written at the end of the transaction, for nobody else may append after it until then."""
        self._lines.append((action, outcome, person_id, case_id))

    def write_audit(self) -> None:
        """Writes the lines; the transaction's last step."""
        for action, outcome, person_id, case_id in self._lines:
            audit.record(self.connection, self.now, self.by, action, outcome, person_id, case_id)
        self._lines.clear()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part that is undone by itself when it raises, with its audit lines; what went before stays."""
        before = len(self._lines)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._lines[before:]
            raise

    def touch(self, case_id: str) -> None:
        """Notes for staff that something about the case is new."""
        self.connection.execute(update(case_file).where(case_file.c.id == case_id).values(updated_at=self.now))
