"""Reminders go out once, in the morning, in neutral words, to who agreed and nobody else; one that cannot is told to a person."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from bot.channels.base import ChannelName
from bot.consent.desk import open_desk
from bot.consent.guard import Guard
from bot.consent.occasions import Occasion, due_at, quiet, zone_for
from bot.consent.reminders import Reminders
from bot.consent.reminding import in_days_words
from bot.gateway.outbox import Outbox
from bot.gateway.services import CAPABILITIES
from bot.i18n.answers import Answers
from bot.i18n.languages import CODES
from bot.store.db import connect
from bot.store.seal import Sealer
from bot.store.tables import case_file, contact, conversation, link, outbox, reminder, ticket
from bot.store.vault import Vault
from tests.conftest import Clock
from tests.keeping import PHONE, House, flight, interview
from tests.talk import load_answers

MANILA, NEW_YORK = ZoneInfo("Asia/Manila"), ZoneInfo("America/New_York")
HOUR, DAY = 3600, 86400
MEET = datetime(2026, 12, 10, 14, 30, tzinfo=MANILA)
TEMPLATES = {"es": "HX1", "es-today": "HX2"}


@pytest.fixture(scope="session")
def answers() -> Answers:
    return load_answers()


class Reminded(House):
    """A house with somebody who agreed to reminders and has an appointment on 10 December in Manila."""

    def __init__(self, engine: Engine, folder: Path, sealer: Sealer, clock: Clock, answers: Answers) -> None:
        super().__init__(engine, folder, sealer, clock)
        self.answers = answers
        self.reminders = self.another()
        self.someone, self.talk = self.person(), self.writes()
        self.links(self.talk, self.someone, "reminders")
        self.dates(self.someone, interview(MEET))

    def another(self, templates: dict[str, str] | None = None) -> Reminders:
        """As a second process, or one after a restart."""
        return Reminders(self.engine, self.vault, self.answers, CAPABILITIES, self.cases, self.ledger, templates or {})

    def at(self, day: int, hour: int, minute: int = 0, zone: ZoneInfo = MANILA) -> datetime:
        """Moves the clock to a time in December on the wall there, with a message in the chat shortly before."""
        self.clock.now = datetime(2026, 12, day, hour, minute, tzinfo=zone).astimezone(UTC)
        self.wrote(self.clock.now - timedelta(hours=1))
        return self.clock.now

    def wrote(self, at: datetime | None) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(contact).values(last_inbound_at=at))

    def kinds(self) -> dict[str, str]:
        return {row.kind: row.state for row in self.rows(reminder)}

    def said(self) -> list[str]:
        return [self.body(row)["text"] for row in self.rows(outbox) if row.inbox_id is None]

    def told(self) -> list[tuple[str, str]]:
        return [(row.reason, row.urgency) for row in self.rows(ticket)]


@pytest.fixture
def house(engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock, answers: Answers) -> Reminded:
    return Reminded(engine, tmp_path, sealer, clock, answers)


def test_each_of_the_four_goes_out_once_at_nine_in_the_morning_there(house: Reminded) -> None:
    for day in range(1, 13):
        for hour in range(24):
            before = len(house.said())
            house.reminders.step(house.at(day, hour))
            if len(house.said()) > before:
                assert hour == 9
    words = [
        house.answers.render("utter_reminder", "es", in_days=f"dentro de {days}").text for days in ("7 días", "2 días", "1 día")
    ]
    assert house.said() == [*words, house.answers.render("utter_reminder_today", "es").text]
    assert set(house.kinds().values()) == {"handed"}
    guards = {row.guard for row in house.rows(outbox) if row.inbox_id is None}
    assert guards == {f"reminder:{house.someone}:{house.cases.find('CASE-77')}"}
    assert house.told() == []


@pytest.mark.parametrize("locale", CODES)
def test_the_words_name_the_days_in_every_language_and_nothing_else(locale: str, answers: Answers) -> None:
    for days in (7, 2, 1):
        text = answers.render("utter_reminder", locale, in_days=in_days_words(days, locale)).text
        assert in_days_words(days, locale) in text
        assert "{" not in text
    assert len({in_days_words(days, locale) for days in (7, 2, 1)}) == 3
    assert answers.render("utter_reminder_today", locale).text


def test_planning_again_after_a_restart_or_from_two_processes_adds_nothing(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    rows = house.rows(reminder)
    assert sorted(row.kind for row in rows) == ["appointment-0", "appointment-1", "appointment-2", "appointment-7"]
    assert {row.on_date for row in rows} == {"2026-12-10"}
    assert house.another().plan(house.clock()) == 0
    assert house.rows(reminder) == rows


def test_many_processes_at_the_same_moment_hand_it_over_once(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    now = house.at(8, 9)
    start, counts = threading.Barrier(4), []

    def process() -> None:
        mine = house.another()
        start.wait()
        counts.append(mine.due(now))

    threads = [threading.Thread(target=process) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(counts) == 1
    assert len(house.said()) == 1


def test_a_clock_that_jumps_back_sends_nothing_twice(house: Reminded) -> None:
    house.reminders.step(house.clock())
    house.reminders.step(house.at(3, 9))
    assert len(house.said()) == 1
    house.clock.now -= timedelta(days=30)
    house.reminders.step(house.clock())
    house.another().step(house.clock())
    house.reminders.step(house.at(3, 9))
    house.reminders.step(house.at(3, 10))
    assert len(house.said()) == 1


@pytest.mark.parametrize(("days", "ended"), [(60, "missed"), (400, "withdrawn")])
def test_a_clock_that_jumps_ahead_sends_nothing_and_they_go_out_when_it_comes_back(house: Reminded, days: int, ended: str) -> None:
    house.reminders.step(house.clock())
    right = house.clock.now
    house.clock.now = right + timedelta(days=days)  # past the appointment; then past the end of the consent too
    house.reminders.step(house.clock())
    assert set(house.kinds().values()) == {ended}
    assert house.told() == ([("reminder_missed", "high")] if ended == "missed" else [])
    assert house.said() == []
    house.clock.now = right
    house.reminders.step(house.clock())
    assert set(house.kinds().values()) == {"waiting"}
    house.reminders.step(house.at(3, 9))
    assert len(house.said()) == 1


def test_one_more_than_six_hours_late_is_not_sent_but_told_once_to_a_person(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    house.reminders.due(house.at(3, 15, 1))
    assert house.kinds()["appointment-7"] == "missed"
    house.reminders.due(house.at(8, 18))
    assert house.said() == []
    assert house.told() == [("reminder_missed", "high")]  # the same one is still open


def test_one_that_is_less_late_still_goes_out(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    house.reminders.due(house.at(3, 14, 59))
    assert len(house.said()) == 1


def test_a_word_for_today_does_not_come_after_the_hour_itself(house: Reminded) -> None:
    house.dates(house.someone, interview(MEET.replace(hour=11)))
    house.reminders.plan(house.clock())
    house.reminders.due(house.at(10, 11, 30))
    assert house.kinds()["appointment-0"] == "missed"
    assert house.said() == []


def test_nothing_is_planned_for_the_morning_of_something_before_nine(house: Reminded) -> None:
    house.dates(house.someone, interview(MEET.replace(hour=7)))
    house.reminders.plan(house.clock())
    assert "appointment-0" not in house.kinds()
    assert "appointment-1" in house.kinds()


@pytest.mark.parametrize(
    "reason", ["withdrawn", "unlinked", "opted out", "blocked", "held", "closed", "cancelled", "moved", "role ended"]
)
def test_what_is_no_longer_wanted_or_true_is_not_sent(house: Reminded, reason: str) -> None:
    house.reminders.plan(house.clock())
    now = house.at(3, 9)
    case_id = house.cases.find("CASE-77") or ""
    if reason == "withdrawn":
        with house.engine.begin() as connection:
            house.ledger.withdraw(connection, house.someone, now, "reminders")
    elif reason in ("cancelled", "moved"):
        house.dates(house.someone, *([interview(MEET + timedelta(days=3))] if reason == "moved" else []))
    elif reason == "role ended":
        with house.cases.changing("ana", now) as change:
            change.end_role(case_id, house.someone)
    else:
        changes = {
            "unlinked": update(link).values(revoked_at=now),
            "opted out": update(contact).values(opted_out_at=now),
            "blocked": update(contact).values(blocked_at=now),
            "held": update(case_file).values(safety_hold=True),
            "closed": update(case_file).values(closed_at=now),
        }
        with house.engine.begin() as connection:
            connection.execute(changes[reason])
    assert house.reminders.due(now) == 0
    assert house.said() == []
    assert house.kinds()["appointment-7"] == "withdrawn"
    assert house.told() == []


def test_without_a_consent_to_reminders_none_are_planned_whatever_else_was_agreed(house: Reminded) -> None:
    other = house.person("REF-89")
    talk = house.writes("424242", ChannelName.TELEGRAM)
    house.links(talk, other, "case_status")
    house.dates(other, interview(MEET))
    house.reminders.plan(house.clock())
    assert {row.person_id for row in house.rows(reminder)} == {house.someone}


def test_a_consent_for_one_channel_is_none_for_another(house: Reminded) -> None:
    telegram = house.writes("424242", ChannelName.TELEGRAM)
    house.links(telegram, house.someone)  # linked there too, but agreed on WhatsApp only
    with house.engine.begin() as connection:
        connection.execute(update(contact).where(contact.c.channel == "telegram").values(last_inbound_at=house.clock()))
    house.reminders.plan(house.clock())
    house.reminders.due(house.at(3, 9))
    assert [row.conversation_id for row in house.rows(outbox) if row.inbox_id is None] == [house.talk]


def test_a_hidden_talk_and_one_in_a_caseworkers_hands_get_none_and_a_person_is_told(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    with house.engine.begin() as connection:
        connection.execute(update(conversation).values(hidden_at=house.clock()))
    house.reminders.due(house.at(3, 9))
    with house.engine.begin() as connection:
        connection.execute(update(conversation).values(hidden_at=None, owner="staff"))
        connection.execute(update(ticket).values(state="closed"))
    house.reminders.due(house.at(8, 9))
    assert house.said() == []
    assert house.told() == [("reminder_held", "high")] * 2


def test_whatsapp_after_its_24_hours_takes_an_approved_template_or_a_person(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    now = house.at(3, 9)
    house.wrote(now - timedelta(hours=23, minutes=50))
    house.reminders.due(now)
    assert house.said() == []
    assert house.kinds()["appointment-7"] == "window"
    assert house.told() == [("reminder_window", "high")]
    now = house.at(8, 9)
    house.wrote(now - timedelta(days=5))
    assert house.another({"fr": "HX9"}).due(now) == 0  # another language is no help
    now = house.at(9, 9)
    house.wrote(None)
    assert house.another(TEMPLATES).due(now) == 1
    body = house.body(house.rows(outbox)[-1])
    assert (body["template"], body["variables"]) == ("HX1", {"1": "dentro de 1 día"})
    now = house.at(10, 9)
    house.wrote(None)
    assert house.another(TEMPLATES).due(now) == 1
    body = house.body(house.rows(outbox)[-1])
    assert (body["template"], body["variables"]) == ("HX2", {})


def test_at_the_door_consent_is_asked_once_more(house: Reminded) -> None:
    desk = open_desk(house.engine, house.keystore, house.sealer, house.answers)
    box = Outbox(house.engine, house.vault, Guard(desk).allows)
    house.reminders.plan(house.clock())
    for day in (3, 8):
        now = house.at(day, 9)
        assert house.reminders.due(now) == 1
        if day == 8:
            with house.engine.begin() as connection:
                house.ledger.withdraw(connection, house.someone, now, "reminders")
        sending = box.claim(now, ChannelName.WHATSAPP)
        assert (sending is not None) == (day == 3)
        if sending is not None:
            assert sending.address == PHONE
            box.sent(sending.id, "SM1", now)
    assert [row.state for row in house.rows(outbox) if row.guard] == ["sent", "withdrawn"]


def test_telegram_has_no_window_and_keeps_the_hours_of_the_place(house: Reminded) -> None:
    other = house.person("REF-89")
    talk = house.writes("424242", ChannelName.TELEGRAM)
    house.links(talk, other, "reminders")
    house.dates(other, interview(MEET))
    house.reminders.plan(house.clock())
    (row,) = [each for each in house.rows(reminder) if each.person_id == other and each.kind == "appointment-7"]
    assert row.due_at == datetime(2026, 12, 3, 9, tzinfo=MANILA)
    now = house.at(3, 9)
    house.wrote(None)
    assert house.reminders.due(now) == 1  # the other one, on WhatsApp, is out of its window
    assert [each.conversation_id for each in house.rows(outbox) if each.inbox_id is None] == [talk]


def test_in_quiet_hours_nothing_goes_out_and_it_waits_for_the_morning(house: Reminded) -> None:
    house.reminders.plan(house.clock())
    early = datetime(2026, 12, 3, 5, tzinfo=MANILA)
    with house.engine.begin() as connection:  # as planned by the zone of a number the person no longer has
        connection.execute(update(reminder).where(reminder.c.kind == "appointment-7").values(due_at=early))
    assert house.reminders.due(house.at(3, 6)) == 0
    assert house.reminders.due(house.at(3, 7, 59)) == 0
    assert house.kinds()["appointment-7"] == "waiting"
    assert house.reminders.due(house.at(3, 8)) == 1


def test_a_flight_counts_from_its_first_leg_and_two_things_on_one_day_are_one_message(house: Reminded) -> None:
    legs = flight(MEET.replace(hour=10), "XX 1"), flight(MEET + timedelta(days=1), "XX 2")
    house.dates(house.someone, interview(MEET), flights=legs)
    house.reminders.plan(house.clock())
    assert {row.on_date for row in house.rows(reminder)} == {"2026-12-10"}
    assert len(house.rows(reminder)) == 8
    house.reminders.due(house.at(3, 9))
    house.reminders.due(house.at(3, 10))
    assert len(house.said()) == 1


def test_a_guardian_is_reminded_of_a_childs_date_until_somebody_else_speaks_for_the_child(house: Reminded) -> None:
    child = house.person("REF-90", born=date(2015, 1, 1))
    parent = house.person("REF-91", guards=child)
    talk = house.writes("424242", ChannelName.TELEGRAM)
    house.links(talk, parent, "reminders", child=child)
    house.dates(child, interview(MEET))
    house.reminders.plan(house.clock())
    house.reminders.due(house.at(3, 9))
    assert [row.guard.split(":")[1] for row in house.rows(outbox) if row.conversation_id == talk and row.guard] == [child]
    with house.cases.changing("ana", house.clock()) as change:
        change.end_role(change.case("CASE-77"), parent)
    house.reminders.due(house.at(8, 9))
    assert len([row for row in house.rows(outbox) if row.conversation_id == talk and row.guard]) == 1


def test_a_date_entered_late_is_reminded_of_from_then_on(house: Reminded) -> None:
    house.at(8, 12)
    house.dates(house.someone, interview(MEET))
    house.reminders.step(house.at(8, 12))
    assert set(house.kinds()) == {"appointment-2", "appointment-1", "appointment-0"}
    assert len(house.said()) == 1  # three hours late is still true


def test_somebody_whose_key_is_gone_holds_up_nobody_else(house: Reminded) -> None:
    other = house.person("REF-89")
    talk = house.writes("424242", ChannelName.TELEGRAM)
    house.links(talk, other, "reminders")
    house.dates(other, interview(MEET))
    house.reminders.plan(house.clock())
    house.vault.destroy(f"person:{house.someone}")
    assert house.another().plan(house.clock()) == 0
    assert house.reminders.due(house.at(3, 9)) == 1
    assert house.told() == [("reminder_unreadable", "high")]


def test_a_removed_master_key_sends_nothing_wrong(house: Reminded, tmp_path: Path) -> None:
    house.reminders.plan(house.clock())
    stranger = Sealer(["x" * 40])
    vault = Vault(connect(f"sqlite:///{tmp_path / 'keys.db'}"), stranger)
    cases = type(house.cases)(house.engine, stranger, vault)
    lost = Reminders(house.engine, stranger, house.answers, CAPABILITIES, cases, house.ledger, {})
    assert lost.due(house.at(3, 9)) == 0
    assert house.told() == [("reminder_unreadable", "high")]


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        (PHONE, MANILA),
        ("+12025550100", NEW_YORK),
        ("+79261234567", ZoneInfo("Europe/Bucharest")),  # all of Russia: the westernmost, so that nobody is woken
        ("+15550001111", ZoneInfo("Asia/Tokyo")),  # a number that belongs nowhere: the place's own
        ("424242", ZoneInfo("Asia/Tokyo")),
        ("whatsapp:+", ZoneInfo("Asia/Tokyo")),
    ],
)
def test_the_hours_kept_are_those_of_the_number_else_of_the_place(address: str, zone: ZoneInfo) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    occasion = Occasion("travel", datetime(2026, 12, 10, 12, tzinfo=ZoneInfo("Asia/Tokyo")))
    found = zone_for(address, occasion, now)
    assert now.astimezone(found).utcoffset() == now.astimezone(zone).utcoffset()
    assert zone_for("424242", None, now) is UTC


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["Asia/Manila", "America/New_York", "Europe/Paris", "Pacific/Kiritimati", "America/St_Johns"]),
    st.sampled_from(["Asia/Manila", "America/Los_Angeles", "Europe/London", "Pacific/Pago_Pago"]),
    st.sampled_from([7, 2, 1, 0]),
)
def test_a_reminder_is_never_due_in_quiet_hours_and_always_so_many_days_before(
    at: datetime, place: str, zone: str, days: int
) -> None:
    occasion = Occasion("appointment", at.replace(tzinfo=ZoneInfo(place)))
    due = due_at(occasion, days, ZoneInfo(zone))
    assert not quiet(due, ZoneInfo(zone))
    assert (occasion.day - due.astimezone(ZoneInfo(zone)).date()).days == days
