"""A house with real parts for the tests of keeping: the tables, the keystore, cases, chats, and Rasa's door to forgetting."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Engine, Row, insert, select, update

from bot.cases.facts import Appointment, Flight
from bot.cases.files import Cases
from bot.channels.base import ChannelName, Inbound, Kind, Part
from bot.consent.codes import Codes
from bot.consent.erasure import Erasures
from bot.consent.ledger import TEXT_VERSION, Ledger
from bot.consent.memory import RasaMemory
from bot.consent.pins import Pins
from bot.gateway import outbox as outgoing
from bot.gateway.inbox import Inbox
from bot.store.db import connect, reading
from bot.store.periods import Periods
from bot.store.retention import Retention
from bot.store.seal import Sealer
from bot.store.tables import contact, conversation, inbox, link, metadata, outbox
from bot.store.vault import Vault, of_talk
from tests.conftest import Clock

PHONE, TEXT, NAME, PLACE = "whatsapp:+639170000000", "he has a knife", "Maria Example", "12 Example Street"
WRITTEN = (PHONE, TEXT, NAME, PLACE, "CASE-77", "REF-88")


class House:
    """Everything over one database and one keystore."""

    numbers = itertools.count(1)

    def __init__(self, engine: Engine, folder: Path, sealer: Sealer, clock: Clock, rasa_url: str = "http://127.0.0.1:9") -> None:
        self.engine, self.sealer, self.clock = engine, sealer, clock
        self.keystore_file = folder / "keys.db"
        self.keystore = connect(f"sqlite:///{self.keystore_file}")
        self.vault = Vault(self.keystore, sealer)
        self.cases, self.codes = Cases(engine, sealer, self.vault), Codes(engine, sealer)
        self.ledger, self.pins, self.inbox = Ledger(engine), Pins(engine), Inbox(engine, sealer, self.vault)
        self.erasures, self.memory = Erasures(engine, self.vault), RasaMemory(rasa_url, "t" * 20)
        periods = Periods(timedelta(days=180), timedelta(days=365), timedelta(days=2555))
        self.retention = Retention(engine, self.vault, self.erasures, self.memory, periods)

    def person(
        self, reference: str = "REF-88", case: str = "CASE-77", born: date = date(1990, 1, 1), guards: str | None = None
    ) -> str:
        """Somebody of a case; the first is its principal. `guards` makes them the guardian of that person."""
        with self.cases.changing("import", self.clock()) as change:
            case_id = change.case(case)
            found = change.person(reference, name=NAME, born=born, language="es")
            change.role(case_id, found, "guardian" if guards else "derivative", (guards,) if guards else None)
        return found

    def dates(self, person_id: str, *appointments: Appointment, flights: tuple[Flight, ...] = (), case: str = "CASE-77") -> None:
        """What stands for a person from now on."""
        with self.cases.changing("import", self.clock()) as change:
            case_id = change.case(case)
            change.appointments(case_id, person_id, appointments)
            change.itinerary(case_id, person_id, flights)

    def writes(
        self, address: str = PHONE, channel: ChannelName = ChannelName.WHATSAPP, text: str = TEXT, handled: bool = True
    ) -> str:
        """A message, answered unless said otherwise; gives the conversation's id."""
        inbound = Inbound(channel, f"m{next(self.numbers)}", address, Kind.TEXT, text)
        self.inbox.store(inbound, self.clock())
        with self.engine.begin() as connection:
            row = connection.execute(select(inbox).order_by(inbox.c.id.desc()).limit(1)).one()
            talk = select(conversation.c.contact_id).where(conversation.c.id == row.conversation_id).scalar_subquery()
            connection.execute(update(contact).where(contact.c.id == talk).values(last_inbound_at=self.clock()))
            if handled:
                connection.execute(update(inbox).where(inbox.c.id == row.id).values(state="handled", handled_at=self.clock()))
                outgoing.add(connection, self.vault, row.conversation_id, row.id, [Part("an answer")], self.clock())
                sent = {"state": "delivered", "sent_at": self.clock()}
                connection.execute(update(outbox).where(outbox.c.inbox_id == row.id).values(sent))
                talk_row = update(conversation).where(conversation.c.id == row.conversation_id)
                connection.execute(talk_row.values(updated_at=self.clock(), locale="es"))
        return str(row.conversation_id)

    def contact_id(self, talk: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(select(conversation.c.contact_id).where(conversation.c.id == talk)) or 0)

    def links(self, talk: str, person_id: str, purpose: str | None = None, child: str | None = None) -> None:
        """Links the chat to a person, who agrees to `purpose` on its channel (for `child` where one is given)."""
        contact_id = self.contact_id(talk)
        with self.engine.begin() as connection:
            connection.execute(insert(link).values(contact_id=contact_id, person_id=person_id, created_at=self.clock()))
            channel = connection.scalar(select(contact.c.channel).where(contact.c.id == contact_id)) or ""
            if purpose:
                assent = True if child else None
                self.ledger.give(connection, child or person_id, person_id, purpose, channel, TEXT_VERSION, assent, self.clock())

    def rows(self, table: Any) -> list[Row[Any]]:
        with reading(self.engine).connect() as connection:
            return list(connection.execute(select(table)))

    def body(self, row: Row[Any]) -> Any:
        """What a row of the inbox or the outbox holds."""
        return self.vault.open(of_talk(row.conversation_id), row.body)

    def dump(self) -> str:
        """Every row of every table, as it stands."""
        return "\n".join(f"{table.name}: {sorted(map(repr, self.rows(table)))}" for table in metadata.sorted_tables)


@contextmanager
def rasa_door(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Rasa's door on a local port: its address, and the talks it was told to forget."""
    forgotten: list[str] = []

    class Door(BaseHTTPRequestHandler):
        answer: ClassVar[int] = status

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            right = self.path == "/webhooks/hearth/forget" and self.headers["authorization"] == "Bearer " + "t" * 20
            if right and self.answer == 200:
                forgotten.append(body["sender"])
            self.send_response(self.answer if right else 401)
            self.end_headers()
            self.wfile.write(b'{"forgotten": 3}')

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", forgotten
    finally:
        server.shutdown()
        server.server_close()


def interview(at: datetime, zone: str = "Asia/Manila") -> Appointment:
    """`at` is the time on the wall there."""
    return Appointment.of("interview", at.replace(tzinfo=None), zone, PLACE)


def flight(departs: datetime, number: str = "XX 1") -> Flight:
    """From Manila, at the time on the wall there."""
    leaves = departs.replace(tzinfo=None)
    return Flight.of(number, "Manila", leaves, "Asia/Manila", "New York", leaves + timedelta(hours=4), "America/New_York")
