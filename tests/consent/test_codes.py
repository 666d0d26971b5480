"""A code links once, within 72 hours, however it is typed; and says nothing to whoever guesses."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update

from bot.consent import audit
from bot.consent.codes import AGAIN_WITHIN, ALPHABET, CODE_LIFE, CodeError, Codes, Redeemed, normal
from bot.store.seal import Sealer
from bot.store.tables import audit as audit_table
from bot.store.tables import case_file, case_role, link, link_code, person
from tests.conftest import Clock
from tests.consent.people import a_case, a_link, a_person, a_phone, a_role


class Office:
    """One case with one person, and phones that send codes."""

    def __init__(self, engine: Engine, sealer: Sealer, clock: Clock) -> None:
        self.engine, self.sealer, self.clock = engine, sealer, clock
        self.codes = Codes(engine, sealer)
        self.case = a_case(engine, sealer, "C-1", clock())
        self.maria = a_person(engine, sealer, "P-1", clock())
        a_role(engine, self.case, self.maria)
        self.phone, _ = a_phone(engine, sealer, "+15550001111", clock())
        self.other, _ = a_phone(engine, sealer, "+15550002222", clock())

    def issue(self) -> str:
        return self.codes.issue("C-1", "P-1", "anna", self.clock())

    def send(self, code: str, phone: int | None = None) -> Redeemed | None:
        with self.engine.begin() as connection:
            return self.codes.redeem(connection, code, phone or self.phone, self.clock())


@pytest.fixture
def office(engine: Engine, sealer: Sealer, clock: Clock) -> Office:
    return Office(engine, sealer, clock)


def test_a_code_names_its_person_and_case_once(office: Office) -> None:
    code = office.issue()
    assert office.send(code) == Redeemed(office.maria, office.case)
    assert office.send(code) is None
    assert office.send(code, office.other) is None


def test_a_turn_done_once_more_finds_what_its_phone_redeemed_a_moment_ago(office: Office, clock: Clock) -> None:
    code = office.issue()

    def again(phone: int) -> Redeemed | None:
        with office.engine.begin() as connection:
            return office.codes.redeemed(connection, code, phone, clock())

    assert again(office.phone) is None
    office.send(code)
    assert again(office.phone) == Redeemed(office.maria, office.case)
    assert again(office.other) is None
    clock.pass_(AGAIN_WITHIN.total_seconds())
    assert again(office.phone) is None


def test_a_code_looks_as_it_should_and_is_kept_as_a_keyed_hash(engine: Engine, office: Office) -> None:
    code = office.issue()
    assert len(code) == 9
    assert code[4] == "-"
    assert not set(code.replace("-", "")) - set(ALPHABET)
    with engine.connect() as connection:
        row = connection.execute(select(link_code)).one()
    assert row.code_hash == office.sealer.lookups(code.replace("-", ""))[0]
    assert code.replace("-", "") not in str(row)
    assert row.issued_by == "anna"


@pytest.mark.parametrize(
    "typed",
    [
        "ACEH-2345",
        "aceh2345",
        " aceh 2345 ",
        "a c e h 2 3 4 5",
        "ACEH–2345.",
        "ＡＣＥＨ２３４５",
        "АСЕН-2345",
        "асен ٢٣٤٥",
        "aceh ۲۳۴۵",
        "my code is ACEH-2345",
        "код: асен-2345 спасибо",
        "AC EH-23 45",
        "ACEHZ34S",
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert normal(typed) == "ACEH2345"


@pytest.mark.parametrize(
    "typed",
    ["", "ACEH-234", "ACEH-23456", "48219075", "ACEHKMNP", "OCEH-2345", "hello, how are you?", "ACEH-2345 KMNP-6789", "1CEH2345"],
)
def test_what_is_no_code(typed: str) -> None:
    assert normal(typed) is None


@given(st.text(max_size=40))
def test_a_code_found_is_one_that_could_have_been_made(typed: str) -> None:
    found = normal(typed)
    assert found is None or (len(found) == 8 and not set(found) - set(ALPHABET) and normal(found) == found)


def test_a_code_ends_after_72_hours_to_the_second(office: Office, clock: Clock) -> None:
    start, code = clock(), office.issue()
    clock.now = start + CODE_LIFE
    assert office.send(code) is None
    clock.now = start + CODE_LIFE - timedelta(seconds=1)
    assert office.send(code) is not None


def test_a_clock_that_jumps_back_gives_no_code_more_time(office: Office, clock: Clock) -> None:
    code = office.issue()
    clock.pass_(-3600)
    assert office.send(code) is None


def test_a_new_code_ends_the_one_before(office: Office) -> None:
    first, second = office.issue(), office.issue()
    assert office.send(first) is None
    assert office.send(second) is not None


def test_a_code_holds_when_the_master_keys_rotate_and_not_when_they_are_removed(office: Office, engine: Engine) -> None:
    old = "k" * 40
    first = office.issue()
    office.codes = Codes(engine, Sealer(["n" * 40]))
    assert office.send(first) is None
    office.codes = Codes(engine, Sealer(["n" * 40, old]))
    assert office.send(first) is not None


def test_two_phones_that_send_one_code_at_the_same_time_get_one_link(office: Office) -> None:
    code, found = office.issue(), []
    threads = [
        threading.Thread(target=lambda phone=phone: found.append(office.send(code, phone)))
        for phone in (office.phone, office.other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each is None for each in found) == [False, True]


@pytest.mark.parametrize("what", ["closed", "erased", "role ended", "revoked"])
def test_a_code_ends_with_what_it_stands_for(engine: Engine, office: Office, clock: Clock, what: str) -> None:
    code = office.issue()
    ends = {
        "closed": update(case_file).values(closed_at=clock()),
        "erased": update(person).values(erased_at=clock()),
        "role ended": update(case_role).values(ended_at=clock()),
    }
    if what == "revoked":
        a_link(engine, office.other, office.maria, clock())
        assert office.codes.revoke(office.maria, "anna", clock()) == 2
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).where(link.c.revoked_at.is_(None))) == 0
    else:
        with engine.begin() as connection:
            connection.execute(ends[what])
    assert office.send(code) is None


def test_after_five_wrong_codes_none_is_looked_at_for_an_hour(office: Office, clock: Clock) -> None:
    code = office.issue()
    for n in range(5):
        assert office.send(f"ACEH-234{n + 2}") is None
        clock.pass_(60)
    assert office.send(code) is None
    assert office.send(code, office.other) is not None  # another phone is not to blame
    code = office.issue()
    clock.pass_(3600 - 61)
    assert office.send(code) is None
    clock.pass_(1)
    assert office.send(code) is not None


def test_wrong_codes_over_a_longer_time_do_not_pause(office: Office, clock: Clock) -> None:
    for n in range(8):
        assert office.send(f"ACEH-{n + 2}347") is None
        clock.pass_(15 * 60 + 1)
    assert office.send(office.issue()) is not None


def test_a_clock_that_jumps_back_does_not_end_the_pause(office: Office, clock: Clock) -> None:
    for n in range(5):
        office.send(f"ACEH-234{n + 2}")
    clock.pass_(-7200)
    assert office.send(office.issue()) is None


def test_a_text_that_is_no_code_is_no_wrong_one(engine: Engine, office: Office) -> None:
    for _ in range(9):
        assert office.send("what is this?") is None
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(audit_table)) == 0
    assert office.send(office.issue()) is not None


def test_a_phone_holds_three_people_and_the_fourth_code_stays_good(engine: Engine, office: Office, clock: Clock) -> None:
    for n in range(3):
        a_link(engine, office.phone, a_person(engine, office.sealer, f"Q-{n}", clock()), clock())
    code = office.issue()
    assert office.send(code) is None
    assert office.send(code, office.other) is not None


@pytest.mark.parametrize(
    ("case", "reference", "says"),
    [
        ("C-9", "P-1", "no such case"),
        ("C-1", "P-9", "no such person"),
        ("C-1", "P-2", "does not belong"),
        ("C-2", "P-1", "closed"),
        ("C-1", "P-3", "erased"),
        ("C-1", "P-4", "does not belong"),
    ],
)
def test_staff_read_in_one_line_why_there_is_no_code(
    engine: Engine, office: Office, clock: Clock, case: str, reference: str, says: str
) -> None:
    a_person(engine, office.sealer, "P-2", clock())
    a_case(engine, office.sealer, "C-2", clock(), closed_at=clock())
    a_role(engine, office.case, a_person(engine, office.sealer, "P-3", clock(), erased_at=clock()))
    a_role(engine, office.case, a_person(engine, office.sealer, "P-4", clock()), ended_at=clock())
    with pytest.raises(CodeError, match=says) as error:
        office.codes.issue(case, reference, "anna", clock())
    assert "\n" not in str(error.value)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(link_code)) == 0


def test_every_code_issued_sent_and_guessed_is_in_the_log(engine: Engine, office: Office) -> None:
    code = office.issue()
    office.send("ACEH-2345")
    office.send(code)
    with engine.connect() as connection:
        rows = connection.execute(select(audit_table).order_by(audit_table.c.number)).all()
    assert [(row.actor.split(":")[0], row.action, row.outcome) for row in rows] == [
        ("anna", "code:issue", "done"),
        ("contact", "code:redeem", "wrong"),
        ("contact", "code:redeem", "redeemed"),
    ]
    assert rows[1].person_id is None
    assert audit.verify(engine) == []
