"""Rows for the tests of consent: people, cases and phones, as the tables hold them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, Engine, func, insert, select

from bot.store.seal import Sealer
from bot.store.tables import audit, case_file, case_role, contact, conversation, guardianship, link, person


def a_case(engine: Engine, sealer: Sealer, number: str, now: datetime, **more: object) -> str:
    case_id = uuid.uuid4().hex
    row = {"id": case_id, "number_hash": sealer.lookups(number)[0], "number": sealer.seal(number), "safety_hold": False}
    with engine.begin() as connection:
        connection.execute(insert(case_file).values({**row, "updated_at": now, "created_at": now, **more}))
    return case_id


def a_person(engine: Engine, sealer: Sealer, reference: str, now: datetime, **more: object) -> str:
    person_id = uuid.uuid4().hex
    row = {"id": person_id, "reference_hash": sealer.lookups(reference)[0], "details": b"sealed", "created_at": now}
    with engine.begin() as connection:
        connection.execute(insert(person).values({**row, **more}))
    return person_id


def a_role(engine: Engine, case_id: str, person_id: str, role: str = "principal", **more: object) -> None:
    with engine.begin() as connection:
        connection.execute(insert(case_role).values(case_id=case_id, person_id=person_id, role=role, **more))


def a_guardian(engine: Engine, case_id: str, person_id: str, ward: str, role: str | None = "guardian") -> None:
    """Without `role` it is somebody who has one."""
    if role:
        a_role(engine, case_id, person_id, role)
    with engine.begin() as connection:
        connection.execute(insert(guardianship).values(case_id=case_id, guardian_id=person_id, ward_id=ward))


def a_phone(engine: Engine, sealer: Sealer, address: str, now: datetime, channel: str = "whatsapp") -> tuple[int, str]:
    """A contact and its conversation."""
    talk = uuid.uuid4().hex
    row = {"channel": channel, "address_hash": sealer.lookups(address)[0], "address": sealer.seal(address), "created_at": now}
    with engine.begin() as connection:
        contact_id = connection.execute(insert(contact).values(row)).inserted_primary_key[0]
        connection.execute(insert(conversation).values(id=talk, contact_id=contact_id, created_at=now, updated_at=now))
    return contact_id, talk


def a_link(engine: Engine, contact_id: int, person_id: str, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(insert(link).values(contact_id=contact_id, person_id=person_id, created_at=now))


def lines(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(audit)) or 0
