"""What is over its time goes, what is unfinished stays, a dry run says exactly what a run will do, and a wrong clock does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from bot.channels.base import ChannelName
from bot.consent import audit as log
from bot.gateway.inbox import Inbox
from bot.handoff.tickets import TicketRequest, open_ticket
from bot.settings import ROOT, Settings, SettingsError
from bot.store.db import connect, migrate
from bot.store.retention import RetentionError
from bot.store.seal import Sealer, SealError
from bot.store.sweep import sweep
from bot.store.tables import (
    audit,
    case_file,
    case_role,
    contact,
    conversation,
    erasure,
    inbox,
    link,
    link_code,
    outbox,
    person,
    reminder,
    ticket,
)
from bot.store.vault import Vault, of_talk, subject_key
from tests.conftest import Clock
from tests.keeping import TEXT, House, interview, rasa_door

DAY = 86400
TELEGRAM = ChannelName.TELEGRAM


@pytest.fixture
def house(engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock) -> Iterator[House]:
    with rasa_door() as (url, _):
        yield House(engine, tmp_path, sealer, clock, url)


def later(house: House, days: float) -> dict[str, int]:
    """So many days pass, on the last of which somebody else wrote; then retention runs, dry first, and both must agree."""
    house.clock.pass_(days * DAY)
    house.writes("999999", TELEGRAM, "something new")
    before = house.dump()
    said = house.retention.run(house.clock(), dry_run=True)
    assert house.dump() == before
    done = house.retention.run(house.clock())
    assert {name: done[name] for name in said} == said
    assert set(house.retention.run(house.clock()).values()) == {0}  # nothing is left over for a second run
    return {name: count for name, count in done.items() if count}


def test_messages_go_after_180_days_and_the_chat_with_them(house: House) -> None:
    house.writes()
    assert later(house, 179.9) == {}
    assert len(house.vault.talks()) == 2
    assert later(house, 0.2) == {"messages sent": 1, "messages received": 1, "chats": 1}
    assert house.vault.talks() == {row.id for row in house.rows(conversation)}  # its key went too
    assert {row.channel for row in house.rows(contact)} == {"telegram"}


def test_a_chat_in_use_loses_its_old_messages_only(house: House) -> None:
    house.writes()
    house.clock.pass_(100 * DAY)
    house.writes()
    assert later(house, 100) == {"messages sent": 1, "messages received": 1}


def test_the_unanswered_the_unsent_and_what_belongs_to_an_open_ticket_stay(house: House) -> None:
    house.writes("1", TELEGRAM, handled=False)
    talk = house.writes("2", TELEGRAM)
    message = house.rows(inbox)[-1].id
    unsent = house.writes("3", TELEGRAM)
    with house.engine.begin() as connection:
        open_ticket(connection, TicketRequest("danger", "urgent"), talk, message, "es", "telegram", house.clock())
        connection.execute(update(outbox).where(outbox.c.conversation_id == unsent).values(state="waiting"))
    assert later(house, 400) == {"messages sent": 1}  # the answer to the message with the ticket
    assert len(house.rows(inbox)) == 4  # the three, and the new one
    with house.engine.begin() as connection:
        connection.execute(update(ticket).values(state="closed"))
        connection.execute(update(outbox).values(state="failed"))
        connection.execute(update(inbox).values(state="handled"))
    gone = later(house, 1)
    assert (gone["tickets"], gone["messages received"], gone["chats"]) == (1, 3, 3)


def test_an_opt_out_outlives_its_messages(house: House) -> None:
    house.writes()
    with house.engine.begin() as connection:
        connection.execute(update(contact).values(opted_out_at=house.clock()))
    assert later(house, 400) == {"messages sent": 1, "messages received": 1}
    assert [row.opted_out_at is not None for row in house.rows(contact)] == [True, False]


def test_a_linked_chat_stays_and_an_ended_link_goes(house: House) -> None:
    house.person()
    talk = house.writes()
    house.links(talk, house.person())
    assert "chats" not in later(house, 300)
    with house.engine.begin() as connection:
        connection.execute(update(link).values(revoked_at=house.clock()))
    assert later(house, 181)["links"] == 1
    assert talk not in {row.id for row in house.rows(conversation)}


def test_a_message_set_aside_for_its_language_is_let_go_of(house: House) -> None:
    talk = house.writes()
    message = house.rows(inbox)[0].id
    with house.engine.begin() as connection:
        connection.execute(update(conversation).values(kept_inbox_id=message))
    house.clock.pass_(100 * DAY)
    house.writes()
    later(house, 100)
    assert [row.kept_inbox_id for row in house.rows(conversation) if row.id == talk] == [None]


def test_used_and_ended_codes_go_after_a_month_live_ones_stay(house: House) -> None:
    house.person()
    house.codes.issue("CASE-77", "REF-88", "ana", house.clock())
    assert "codes" not in later(house, 30)
    assert later(house, 4)["codes"] == 1
    house.codes.issue("CASE-77", "REF-88", "ana", house.clock())
    assert later(house, 1) == {}
    assert len(house.rows(link_code)) == 1


def test_reminders_that_are_over_go_and_those_that_wait_stay(house: House) -> None:
    row = {"person_id": house.person(), "conversation_id": house.writes(), "on_date": "2026-12-01", "due_at": house.clock()}
    with house.engine.begin() as connection:
        for number, state in enumerate(("handed", "missed", "withdrawn", "waiting")):
            connection.execute(insert(reminder).values(**row, kind=f"travel-{number}", state=state))
    assert later(house, 31)["reminders"] == 3
    assert [row.state for row in house.rows(reminder)] == ["waiting"]


def test_a_case_goes_a_year_after_it_was_closed_with_its_people_and_their_keys(house: House) -> None:
    someone, both = house.person(), house.person("REF-89")
    house.person("REF-89", case="CASE-78")
    house.dates(someone, interview(house.clock() + timedelta(days=9)))
    talk = house.writes()
    house.links(talk, someone, "case_status")
    house.codes.issue("CASE-77", "REF-88", "ana", house.clock())
    sealed = next(row.details for row in house.rows(person) if row.id == someone)
    with house.cases.changing("ana", house.clock()) as change:
        change.close(change.case("CASE-77"))
    assert "cases" not in later(house, 364)
    gone = later(house, 2)
    assert (gone["cases"], gone["people"]) == (1, 1)
    assert [row.id for row in house.rows(person)] == [both]
    assert [row.person_id for row in house.rows(case_role)] == [both]
    assert house.cases.find("CASE-77") is None
    assert house.cases.person("REF-89").name  # type: ignore[union-attr]
    with pytest.raises(SealError, match="destroyed"):
        house.vault.open(f"person:{someone}", sealed)
    assert {(row.person_id, row.outcome) for row in house.rows(audit) if row.action == "retention"} == {
        (someone, "removed"),
        (None, "removed"),
    }
    assert log.verify(house.engine) == []
    assert house.person() != someone  # the same reference may come again: somebody new


def test_two_old_cases_of_one_person_take_the_person_with_them(house: House) -> None:
    house.person(case="CASE-1")
    house.person(case="CASE-2")
    with house.cases.changing("ana", house.clock()) as change:
        for number in ("CASE-1", "CASE-2"):
            change.close(change.case(number))
    gone = later(house, 366)
    assert (gone["cases"], gone["people"]) == (2, 1)


def test_a_guardian_and_a_child_go_with_their_case(house: House) -> None:
    child = house.person("REF-90", born=date(2015, 1, 1))
    parent = house.person("REF-91", guards=child)
    house.links(house.writes(), parent, "case_status", child=child)
    with house.cases.changing("ana", house.clock()) as change:
        change.close(change.case("CASE-77"))
    assert later(house, 366)["people"] == 2
    assert house.rows(case_file) == []


def test_an_erased_persons_mark_stays_with_the_case_and_goes_with_it(house: House) -> None:
    house.person()
    talk = house.writes()
    house.links(talk, house.person())
    house.erasures.ask(house.contact_id(talk), talk, house.clock())
    assert later(house, 8)["erasures"] == 1
    assert len(house.rows(person)) == 1
    with house.cases.changing("ana", house.clock()) as change:
        change.close(change.case("CASE-77"))
    gone = later(house, 366)
    assert (gone["cases"], gone["people"], gone["receipts"]) == (1, 1, 1)


def test_receipts_stay_a_year_and_what_was_taken_back_a_month(house: House) -> None:
    talk = house.writes("5", TELEGRAM)
    house.erasures.ask(house.contact_id(talk), talk, house.clock())
    with house.engine.begin() as connection:
        house.erasures.back(connection, talk, house.clock())
    assert "receipts" not in later(house, 29)
    assert later(house, 2)["receipts"] == 1
    house.erasures.ask(house.contact_id(talk), talk, house.clock())
    assert later(house, 8)["erasures"] == 1
    assert "receipts" not in later(house, 364)
    assert later(house, 2)["receipts"] == 1
    assert house.rows(erasure) == []


def test_the_audit_log_is_counted_and_never_shortened(house: House) -> None:
    house.person()
    lines = len(house.rows(audit))
    house.clock.pass_(2600 * DAY)
    house.writes("999999", TELEGRAM)
    assert house.retention.run(house.clock())["audit lines over their time (kept)"] == lines
    assert len(house.rows(audit)) == lines
    assert log.verify(house.engine) == []


def test_a_clock_that_jumped_ahead_removes_nothing_until_somebody_says_it_is_right(house: House) -> None:
    house.writes()
    house.clock.pass_(400 * DAY)
    before = house.dump()
    with pytest.raises(RetentionError, match="clock"):
        house.retention.run(house.clock())
    assert house.dump() == before
    assert house.retention.run(house.clock(), clock_is_right=True)["messages received"] == 1


def test_a_clock_that_jumped_back_removes_nothing(house: House) -> None:
    house.writes()
    before = house.dump()
    house.clock.pass_(-4000 * DAY)
    assert set(house.retention.run(house.clock()).values()) == {0}
    assert house.dump() == before


def test_the_keys_of_erased_people_and_chats_are_destroyed_again_after_the_keystore_was_brought_back(house: House) -> None:
    talk, someone = house.writes(), house.person()
    house.links(talk, someone)
    with house.keystore.connect() as connection:
        copy = connection.execute(select(subject_key)).all()
    house.erasures.ask(house.contact_id(talk), talk, house.clock())
    later(house, 8)
    with house.keystore.begin() as connection:
        for row in copy:
            connection.execute(insert(subject_key).values(subject=row.subject, key=row.key))
    assert house.retention.run(house.clock())["keys destroyed again"] == 2
    with house.keystore.connect() as connection:
        left = connection.scalars(select(subject_key.c.subject)).all()
    assert left == [of_talk(row.id) for row in house.rows(conversation)]


@pytest.mark.parametrize("other", ["an older copy", "a new database"])
def test_with_a_wrong_main_database_no_key_of_a_chat_is_destroyed(house: House, tmp_path: Path, other: str) -> None:
    if other == "an older copy":
        house.person()
        log.remember_head(house.keystore, house.engine)
    kept = house.writes()
    wrong = connect(f"sqlite:///{tmp_path / 'wrong.db'}")
    migrate(wrong)
    elsewhere = House(wrong, tmp_path, house.sealer, house.clock)
    if other == "an older copy":
        elsewhere.writes("999999", TELEGRAM)
    assert elsewhere.retention.run(house.clock())["keys destroyed again"] == 0
    assert kept in house.vault.talks()
    assert house.body(house.rows(inbox)[0])["text"] == TEXT


class SlowVault(Vault):
    """One that stops for a while as it has made a key."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        super().__init__(engine, sealer)
        self.made, self.go_on = threading.Event(), threading.Event()

    def seal(self, subject: str, value: Any) -> bytes:
        sealed = super().seal(subject, value)
        self.made.set()
        self.go_on.wait(5)
        return sealed


def test_the_key_of_a_chat_that_is_just_being_stored_is_not_taken_for_one_left_over(house: House) -> None:
    house.vault.seal(of_talk("left-by-a-run-that-was-killed"), "x")
    slow = SlowVault(house.keystore, house.sealer)
    house.inbox = Inbox(house.engine, house.sealer, slow)
    with ThreadPoolExecutor(2) as pool:
        storing = pool.submit(house.writes, handled=False)
        assert slow.made.wait(5)
        sweeping = pool.submit(sweep, house.engine, house.vault)
        sleep(0.3)
        assert not sweeping.done()
        slow.go_on.set()
        assert sweeping.result() == 1
        assert house.vault.talks() == {storing.result()}
    assert house.body(house.rows(inbox)[0])["text"] == TEXT


def test_a_thousand_old_messages_go_in_one_run(house: House) -> None:
    talk = house.writes()
    body = house.rows(inbox)[0].body
    row = {
        "channel": "whatsapp",
        "conversation_id": talk,
        "body": body,
        "state": "handled",
        "received_at": house.clock(),
        "attempts": 1,
    }
    with house.engine.begin() as connection:
        connection.execute(insert(inbox), [{**row, "provider_message_id": f"bulk-{number}"} for number in range(1100)])
    assert later(house, 181)["messages received"] == 1101


def command(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of keeping, in a process of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HEARTH_DATABASE_URL": f"sqlite:///{tmp_path / 'main.db'}",
        "HEARTH_KEYSTORE_URL": f"sqlite:///{tmp_path / 'keys.db'}",
        "HEARTH_SECRET_KEYS": "k" * 40,
        "HEARTH_RASA_TOKEN": "t" * 20,
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    run = [sys.executable, "-m", "bot.cli", *arguments]
    return subprocess.run(run, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)


def test_the_commands_say_in_one_line_what_is_wrong_and_do_what_they_say(tmp_path: Path, sealer: Sealer, clock: Clock) -> None:
    early = command(tmp_path, "retention", "run")
    assert (early.returncode, early.stderr.strip()) == (1, "the database is not up to date: run `hearth migrate` first.")
    engine = connect(f"sqlite:///{tmp_path / 'main.db'}")
    migrate(engine)
    with rasa_door() as (url, told):
        house = House(engine, tmp_path, sealer, clock, url)
        talk = house.writes()
        receipt = house.erasures.ask(house.contact_id(talk), talk, clock()).receipt
        with engine.begin() as connection:
            connection.execute(update(erasure).values(due_at=clock() - timedelta(days=900)))
            connection.execute(update(inbox).values(received_at=clock() - timedelta(days=900)))
        asked = command(tmp_path, "retention", "receipt", receipt)
        assert asked.stdout.startswith("Asked for on 2026-11-21")
        dry = command(tmp_path, "retention", "run", "--dry-run")
        assert dry.returncode == 0, dry.stderr
        assert "erasures: 1" in dry.stdout
        down = command(tmp_path, "retention", "run", "--clock-is-right", HEARTH_RASA_URL="http://127.0.0.1:9")
        assert down.returncode == 1
        assert down.stderr.strip().endswith("Some erasures wait: see that the gateway and Rasa run, then run this again.")
        run = command(tmp_path, "retention", "run", "--clock-is-right", HEARTH_RASA_URL=url)
        assert run.returncode == 0, run.stderr
        assert told == [talk]
    assert command(tmp_path, "retention", "receipt", receipt).stdout.startswith("Erased on")
    unknown = command(tmp_path, "retention", "receipt", "AAAA-AAAA-AAAA")
    assert unknown.returncode == 1
    house.writes()
    rotated = command(tmp_path, "keys", "rotate", HEARTH_SECRET_KEYS=f"{'n' * 40},{'k' * 40}")
    assert rotated.returncode == 0, rotated.stderr
    assert "72 hours" in rotated.stdout
    early_out = command(tmp_path, "keys", "rotate", HEARTH_SECRET_KEYS="x" * 40)
    assert early_out.returncode == 1
    assert "too early" in early_out.stderr or "HEARTH_SECRET_KEYS" in early_out.stderr


@pytest.mark.parametrize("given", ['{"en": "HX1"', '{"xx": "HX1"}', '{"en": "1"}', '["HX1"]', '{"en-tomorrow": "HX1"}'])
def test_templates_that_are_no_templates_stop_the_start(given: str) -> None:
    with pytest.raises(SettingsError, match="HEARTH_WHATSAPP_TEMPLATES"):
        _ = Settings(HEARTH_WHATSAPP_TEMPLATES=given).whatsapp_templates


def test_templates_are_read_by_language_and_none_is_none() -> None:
    given = '{"en": "HX1", "en-today": "HX2"}'
    assert Settings(HEARTH_WHATSAPP_TEMPLATES=given).whatsapp_templates == {"en": "HX1", "en-today": "HX2"}
    assert Settings(HEARTH_WHATSAPP_TEMPLATES="").whatsapp_templates == {}


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Settings(HEARTH_KEEP_MESSAGES_DAYS=0)
