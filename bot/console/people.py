"""Staff accounts: passwords are kept as argon2id hashes only."""

from __future__ import annotations

from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.db import reading
from bot.store.tables import staff

ROLES = ("caseworker", "supervisor", "administrator")
SHORTEST = 12


class StaffError(Exception):
    """The account cannot be made or found; one line that says what to do."""


def add(engine: Engine, name: str, password: str, role: str, now: datetime) -> None:
    """A new account; raises StaffError for a short password, an unknown role or a name in use."""
    if len(password) < SHORTEST:
        raise StaffError(f"The password needs at least {SHORTEST} characters.")
    if role not in ROLES:
        raise StaffError(f"The role must be one of: {', '.join(ROLES)}.")
    row = {"name": name, "password_hash": PasswordHasher().hash(password), "role": role, "created_at": now}
    try:
        with engine.begin() as connection:
            connection.execute(insert(staff).values(row))
    except IntegrityError:
        raise StaffError(f"{name} exists already; disable that account or choose another name.") from None


def everyone(engine: Engine) -> list[tuple[str, str, bool]]:
    """Name, role and whether active, by name."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(staff).order_by(staff.c.name)).mappings()
        return [(row["name"], row["role"], row["disabled_at"] is None) for row in rows]


def disable(engine: Engine, name: str, now: datetime) -> None:
    """Takes the access away; raises StaffError for an unknown name."""
    with engine.begin() as connection:
        if not connection.execute(update(staff).where(staff.c.name == name).values(disabled_at=now)).rowcount:
            raise StaffError(f"There is nobody called {name}; see `hearth staff list`.")
