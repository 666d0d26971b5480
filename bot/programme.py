"""The programme's own page, programme.yml: its name, status, offices and numbers. Runs in both environments.

People are given only a helpline's number, never its name: a name can betray a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

STATUSES = ("open", "limited", "paused")


class ProgrammeError(Exception):
    """programme.yml is wrong; the text is one line that says where and what to write."""


class Programme:
    """Read once at the start; immutable."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.status = str(values.get("status"))
        if self.status not in STATUSES:
            raise ProgrammeError(f"programme.yml: status is {self.status!r}; write open, limited or paused.")
        self.name = str(values.get("name") or "")
        if not self.name:
            raise ProgrammeError("programme.yml: name is missing; write a neutral name.")
        self._offices: Mapping[str, Any] = values.get("offices") or {}
        self._default = str(values.get("default_office") or "")
        if self._default not in self._offices:
            raise ProgrammeError("programme.yml: default_office must be one of the countries under offices.")
        self._emergency: Mapping[str, Any] = values.get("emergency_numbers") or {}
        self._helplines: Mapping[str, Any] = values.get("helplines") or {}
        self.reply_time: Mapping[str, Any] = values.get("reply_time") or {}

    @classmethod
    def load(cls, path: Path) -> Programme:
        """From the file; raises ProgrammeError with one clear line."""
        try:
            return cls(yaml.safe_load(path.read_text("utf-8")))
        except FileNotFoundError:
            raise ProgrammeError(f"{path.name} is missing: set HEARTH_PROGRAMME to the programme's file.") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" line {mark.line + 1}" if mark else ""
            raise ProgrammeError(f"{path.name}{where}: this is not valid YAML; look for a missing quote or space.") from None

    @property
    def offices(self) -> Mapping[str, Mapping[str, Any]]:
        """Every office by its country."""
        return self._offices

    def office(self, country: str | None) -> Mapping[str, Any]:
        """The office for a country (two letters), or the default one."""
        found: Mapping[str, Any] = self._offices.get(country or "") or self._offices[self._default]
        return found

    def emergency_number(self, country: str | None) -> str:
        """The emergency number there, or an empty text where none was checked."""
        entry = self._emergency.get(country or "")
        return str(entry["number"]) if entry else ""

    def helpline(self, country: str | None, topic: str) -> str:
        """The number to give for a topic there (danger, report, misconduct, self_harm, distress, general), or an empty text.

        There is no fallback to another topic or country: a wrong helpline is worse than none.
        """
        for line in self._helplines.get(country or "") or ():
            if topic in line.get("for", ()):
                return str(line["contact"])
        return ""
