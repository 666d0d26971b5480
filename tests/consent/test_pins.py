"""A PIN opens only its own person's case, five wrong ones lock, and a refusal takes as long for everybody."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from bot.consent.pins import LOCKED_FOR, Checked, Outcome, PinError, Pins, acceptable, digits
from bot.store.db import connect, migrate
from bot.store.seal import Sealer
from bot.store.tables import link, person
from tests.conftest import Clock
from tests.consent.people import a_link, a_person, a_phone

PIN, DURESS, WRONG = "4821", "7350", "9264"


@pytest.fixture
def pins(engine: Engine) -> Pins:
    return Pins(engine)


class Phone:
    """A contact linked to people who chose PINs."""

    def __init__(self, engine: Engine, sealer: Sealer, clock: Clock) -> None:
        self._engine, self._sealer, self._clock = engine, sealer, clock
        self.contact, _ = a_phone(engine, sealer, "+15550001111", clock())

    def person(self, pins: Pins, reference: str, pin: str | None = PIN, duress: str | None = None) -> str:
        who = a_person(self._engine, self._sealer, reference, self._clock())
        a_link(self._engine, self.contact, who, self._clock())
        with self._engine.begin() as connection:
            if pin is not None:
                pins.set(connection, who, pin, duress=False)
            if duress is not None:
                pins.set(connection, who, duress, duress=True)
        return who


@pytest.fixture
def phone(engine: Engine, sealer: Sealer, clock: Clock) -> Phone:
    return Phone(engine, sealer, clock)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("4821", "4821"),
        (" 48 21 ", "4821"),
        ("48-21.", "4821"),
        ("\u200f٤٨٢١", "4821"),
        ("۴۸۲۱", "4821"),
        ("४८२१", "4821"),
        ("48219075", "48219075"),
        ("482", None),
        ("482190754", None),
        ("4444", None),
        ("1234", None),
        ("87654321", None),
        ("7890", None),
        ("0123", None),
        ("١٢٣٤", None),
        ("4821a", None),
        ("one two", None),
        ("", None),
        ("½⅓¼", None),
    ],
)
def test_what_may_be_a_pin(typed: str, taken: str | None) -> None:
    assert acceptable(typed) == taken


@given(st.text())
def test_digits_are_plain_digits_or_nothing(typed: str) -> None:
    found = digits(typed)
    assert found is None or (found.isascii() and found.isdigit())


def test_each_pin_says_whose_it_is(pins: Pins, phone: Phone, clock: Clock) -> None:
    mother, aunt = phone.person(pins, "P-1", PIN), phone.person(pins, "P-2", "6093", DURESS)
    assert pins.check(phone.contact, "٤٨٢١", clock()) == Checked(Outcome.RIGHT, mother)
    assert pins.check(phone.contact, "6093", clock()) == Checked(Outcome.RIGHT, aunt)
    assert pins.check(phone.contact, DURESS, clock()) == Checked(Outcome.DURESS, aunt, duress=True)
    assert pins.check(phone.contact, WRONG, clock()) == Checked(Outcome.WRONG)


def test_nobody_is_proved_without_a_link_a_pin_or_after_erasure(engine: Engine, pins: Pins, phone: Phone, clock: Clock) -> None:
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.WRONG)
    assert pins.check(987654, PIN, clock()) == Checked(Outcome.WRONG)
    who = phone.person(pins, "P-1", None)
    assert pins.check(phone.contact, "", clock()) == Checked(Outcome.WRONG)
    with engine.begin() as connection:
        pins.set(connection, who, PIN, duress=False)
        connection.execute(update(person).values(erased_at=clock()))
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.WRONG)
    with engine.begin() as connection:
        connection.execute(update(person).values(erased_at=None))
    assert pins.check(phone.contact, PIN, clock()).outcome is Outcome.RIGHT
    with engine.begin() as connection:
        connection.execute(update(link).values(revoked_at=clock()))
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.WRONG)


def test_a_pin_that_two_people_on_one_phone_share_opens_neither_case(pins: Pins, phone: Phone, clock: Clock) -> None:
    phone.person(pins, "P-1", PIN)
    phone.person(pins, "P-2", PIN)
    assert pins.check(phone.contact, PIN, clock()).outcome is Outcome.WRONG


def test_one_persons_duress_pin_wins_over_anothers_pin(pins: Pins, phone: Phone, clock: Clock) -> None:
    phone.person(pins, "P-1", PIN)
    second = phone.person(pins, "P-2", "6093", PIN)
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.DURESS, second, duress=True)


def test_the_pins_are_kept_as_argon2id_hashes(engine: Engine, pins: Pins, phone: Phone) -> None:
    phone.person(pins, "P-1", PIN, DURESS)
    with engine.connect() as connection:
        row = connection.execute(select(person.c.pin_hash, person.c.duress_hash)).one()
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in row)
    assert row.pin_hash != row.duress_hash


def test_the_two_pins_of_a_person_differ(engine: Engine, pins: Pins, phone: Phone, clock: Clock) -> None:
    who = phone.person(pins, "P-1", PIN, DURESS)
    with engine.begin() as connection:
        with pytest.raises(PinError):
            pins.set(connection, who, PIN, duress=True)
        with pytest.raises(PinError):
            pins.set(connection, who, "1234", duress=False)
    assert pins.taken(who, PIN, duress=True)
    assert pins.taken(who, DURESS, duress=False)
    assert not pins.taken(who, DURESS, duress=True)
    assert not pins.taken(phone.person(pins, "P-2", None), PIN, duress=True)
    with engine.begin() as connection:
        pins.set(connection, who, DURESS, duress=False)  # chosen anew as the PIN: then it is the PIN
    assert pins.check(phone.contact, DURESS, clock()).outcome is Outcome.RIGHT


def test_the_fifth_wrong_try_locks_for_a_day_and_says_so_once(pins: Pins, phone: Phone, clock: Clock) -> None:
    who = phone.person(pins, "P-1", PIN, DURESS)
    told = [pins.check(phone.contact, WRONG, clock()).locked_now for _ in range(7)]
    assert told == [False, False, False, False, True, False, False]
    assert pins.check(phone.contact, WRONG, clock()) == Checked(Outcome.LOCKED)
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.LOCKED, who)
    assert pins.check(phone.contact, DURESS, clock()) == Checked(Outcome.LOCKED, who, duress=True)
    clock.pass_(LOCKED_FOR.total_seconds() - 1)
    assert pins.check(phone.contact, PIN, clock()).outcome is Outcome.LOCKED
    clock.pass_(1)
    assert not pins.check(phone.contact, WRONG, clock()).locked_now  # counted from one again
    assert pins.check(phone.contact, PIN, clock()) == Checked(Outcome.RIGHT, who)


def test_the_right_pin_forgives_and_the_duress_pin_does_not(pins: Pins, phone: Phone, clock: Clock) -> None:
    phone.person(pins, "P-1", PIN, DURESS)
    for _ in range(3):
        for _ in range(4):
            assert not pins.check(phone.contact, WRONG, clock()).locked_now
        pins.check(phone.contact, PIN, clock())
    for _ in range(4):
        pins.check(phone.contact, WRONG, clock())
    pins.check(phone.contact, DURESS, clock())
    assert pins.check(phone.contact, WRONG, clock()).locked_now


def test_tries_count_over_channels_and_restarts(engine: Engine, sealer: Sealer, pins: Pins, phone: Phone, clock: Clock) -> None:
    who = phone.person(pins, "P-1")
    other, _ = a_phone(engine, sealer, "tg-1", clock(), "telegram")
    a_link(engine, other, who, clock())
    for contact in (phone.contact, other, phone.contact, other):
        assert Pins(engine).check(contact, WRONG, clock()).outcome is Outcome.WRONG  # a new process each time
    assert Pins(engine).check(phone.contact, WRONG, clock()).locked_now
    assert pins.check(other, PIN, clock()).outcome is Outcome.LOCKED


def test_a_clock_that_jumps_back_does_not_unlock(pins: Pins, phone: Phone, clock: Clock) -> None:
    phone.person(pins, "P-1")
    locked_at = clock()
    for _ in range(5):
        pins.check(phone.contact, WRONG, clock())
    for hours in (-10000, -30, -1, 23):
        assert pins.check(phone.contact, PIN, locked_at + timedelta(hours=hours)).outcome is Outcome.LOCKED
    assert pins.check(phone.contact, PIN, locked_at + timedelta(hours=24)).outcome is Outcome.RIGHT


def test_a_new_pin_by_a_caseworkers_code_ends_the_lock(engine: Engine, pins: Pins, phone: Phone, clock: Clock) -> None:
    who = phone.person(pins, "P-1")
    for _ in range(5):
        pins.check(phone.contact, WRONG, clock())
    with engine.begin() as connection:
        pins.set(connection, who, "6093", duress=False)
    assert pins.check(phone.contact, "6093", clock()).outcome is Outcome.RIGHT


def test_guesses_sent_at_the_same_time_are_all_counted(pins: Pins, phone: Phone, clock: Clock) -> None:
    phone.person(pins, "P-1")
    told: list[Checked] = []
    threads = [threading.Thread(target=lambda: told.append(pins.check(phone.contact, WRONG, clock()))) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.outcome for each in told) == [Outcome.LOCKED] * 4 + [Outcome.WRONG] * 5
    assert sum(each.locked_now for each in told) == 1


class Counting(PasswordHasher):
    """The real hasher, and how often it compared."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.compared += 1
        return super().verify(hash, password)


def test_every_check_makes_six_comparisons(pins: Pins, phone: Phone, clock: Clock) -> None:
    pins._hasher = hasher = Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1)

    def comparisons(pin: str) -> int:
        before = hasher.compared
        pins.check(phone.contact, pin, clock())
        return hasher.compared - before

    assert comparisons(PIN) == 6
    for reference, pin, duress in [("P-1", None, None), ("P-2", PIN, None), ("P-3", "6093", DURESS), ("P-4", "8305", None)]:
        phone.person(pins, reference, pin, duress)
        assert [comparisons(each) for each in ("", "hello", WRONG, PIN, DURESS)] == [6] * 5
    assert comparisons(WRONG) == 6  # locked


# Times, in seconds of work (which a busy machine hardly changes) and on the clock on the wall (which shows waiting too).
ROUNDS, NOISE, TOO_UNLIKELY = 15, 0.08, 0.005
Times = list[list[float]]


def measured(*calls: Callable[[], object]) -> tuple[Times, Times]:
    """Work and wall times of each, taken in turns so that a busy moment meets all of them."""
    work: Times = [[] for _ in calls]
    wall: Times = [[] for _ in calls]
    for _ in range(ROUNDS):
        for n, call in enumerate(calls):
            start, on_the_wall = time.thread_time(), time.perf_counter()
            call()
            work[n].append(time.thread_time() - start)
            wall[n].append(time.perf_counter() - on_the_wall)
    return work, wall


def apart(times: Times) -> float:
    """How much longer the slowest takes than the fastest, by their medians."""
    medians = [statistics.median(each) for each in times]
    return max(medians) / min(medians) - 1


def by_chance(times: Times) -> float:
    """How often times dealt out by chance lie as far apart as these do."""
    chance, found, pool = Random(1), apart(times), [each for group in times for each in group]

    def dealt() -> Times:
        chance.shuffle(pool)
        return [pool[n :: len(times)] for n in range(len(times))]

    return sum(apart(dealt()) >= found for _ in range(2000)) / 2000


def test_a_refusal_takes_as_long_for_the_unlinked_the_wrong_and_the_locked(tmp_path: object, sealer: Sealer, clock: Clock) -> None:
    engine = connect(f"sqlite:///{tmp_path}/hearth.db")
    migrate(engine)
    pins = Pins(engine)
    phone = Phone(engine, sealer, clock)
    phone.person(pins, "P-1", PIN, DURESS)
    unlinked, _ = a_phone(engine, sealer, "+1555", clock())
    shared, _ = a_phone(engine, sealer, "+1556", clock())
    locked, _ = a_phone(engine, sealer, "+1557", clock())
    for n in range(3):
        a_link(engine, shared, a_person(engine, sealer, f"P-2{n}", clock(), pin_hash=pins._dummy), clock())
    held = a_person(engine, sealer, "P-3", clock(), pin_hash=pins._dummy, locked_until=clock() + timedelta(days=1))
    a_link(engine, locked, held, clock())

    def refused(contact: int) -> Callable[[], object]:
        def call() -> None:
            assert pins.check(contact, WRONG, clock()).person_id is None
            with engine.begin() as connection:  # so that nobody is locked on the way
                connection.execute(update(person).where(person.c.id != held).values(wrong_tries=0, locked_until=None))

        return call

    # The measure is tried first: five comparisons instead of six it must tell apart.
    work, _wall = measured(*(lambda count=count: [pins._fits(None, WRONG) for _ in range(count)] for count in (5, 6)))
    assert apart(work) > NOISE
    assert by_chance(work) < TOO_UNLIKELY
    for attempts in (2, 1, 0):
        work, wall = measured(*map(refused, (phone.contact, unlinked, shared, locked)))
        if apart(work) <= NOISE and by_chance(wall) >= TOO_UNLIKELY:
            break
        assert attempts, (apart(work), apart(wall), by_chance(wall))
