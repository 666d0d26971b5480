"""Finding and opening rows of people and cases: by keyed hash, each with the key it was sealed with."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from bot.cases.facts import CaseError, Person, plain
from bot.store.seal import Sealer
from bot.store.tables import case_file, person
from bot.store.vault import Vault

LONGEST_NUMBER = 60


def subject(person_id: str) -> str:
    """The name of a person's key in the vault."""
    return f"person:{person_id}"


def number_of(text: str, what: str) -> str:
    """A case number or person reference as it is kept; raises CaseError for an empty, long or odd one."""
    number = plain(text, what, LONGEST_NUMBER)
    if not number:
        raise CaseError(f"{what} is missing.")
    return number


def case_row(connection: Connection, sealer: Sealer, number: str) -> RowMapping | None:
    """The case with this number, under whichever master key its hash was made."""
    query = select(case_file).where(case_file.c.number_hash.in_(sealer.lookups(number.strip())))
    return connection.execute(query).mappings().first()


def person_row(connection: Connection, sealer: Sealer, reference: str, hold: bool = False) -> RowMapping | None:
    """The person with this reference, under whichever master key its hash was made; also one who was erased.

    `hold` keeps the row from being erased until this transaction ends: sealing for an erased person would make them a key.
    """
    query = select(person).where(person.c.reference_hash.in_(sealer.lookups(reference.strip())))
    return connection.execute(query.with_for_update() if hold else query).mappings().first()


def opened(vault: Vault, row: RowMapping) -> Person:
    """The person of a row; of one who was erased only the id is left."""
    if row["erased_at"] is not None:
        return Person(row["id"], "", "", None, None, row["minor"], erased=True)
    details: dict[str, Any] = vault.open(subject(row["id"]), row["details"])
    born = date.fromisoformat(details["born"]) if details.get("born") else None
    return Person(row["id"], details["reference"], details["name"], born, details.get("language"), row["minor"])
