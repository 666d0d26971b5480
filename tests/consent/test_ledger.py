"""A consent holds for its purpose, channel and year, and ends with one message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from bot.consent import audit
from bot.consent.ledger import CONSENT_LIFE, TEXT_VERSION, Ledger, LedgerError, released
from bot.store.seal import Sealer
from bot.store.tables import consent
from tests.conftest import Clock
from tests.consent.people import a_case, a_person, lines


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def maria(engine: Engine, sealer: Sealer, clock: Clock) -> str:
    return a_person(engine, sealer, "P-1", clock())


@pytest.fixture
def child(engine: Engine, sealer: Sealer, clock: Clock) -> str:
    return a_person(engine, sealer, "P-2", clock(), minor=True)


def agree(
    engine: Engine, ledger: Ledger, who: str, clock: Clock, purpose: str = "case_status", channel: str = "whatsapp", by: str = ""
) -> None:
    with engine.begin() as connection:
        ledger.give(connection, who, by or who, purpose, channel, TEXT_VERSION, True if by else None, clock())


def test_a_consent_holds_for_one_purpose_and_one_channel(engine: Engine, ledger: Ledger, maria: str, clock: Clock) -> None:
    agree(engine, ledger, maria, clock)
    assert ledger.live(maria, "case_status", "whatsapp", clock()) is not None
    assert ledger.live(maria, "case_status", "sms", clock()) is None
    assert ledger.live(maria, "reminders", "whatsapp", clock()) is None


def test_a_consent_ends_after_a_year_to_the_second(engine: Engine, ledger: Ledger, maria: str, clock: Clock) -> None:
    agree(engine, ledger, maria, clock)
    end = clock() + CONSENT_LIFE
    assert ledger.live(maria, "case_status", "whatsapp", end - timedelta(seconds=1)) is not None
    assert ledger.live(maria, "case_status", "whatsapp", end) is None


def test_a_consent_under_words_that_no_longer_hold_is_none(engine: Engine, ledger: Ledger, maria: str, clock: Clock) -> None:
    agree(engine, ledger, maria, clock)
    with engine.begin() as connection:
        connection.execute(update(consent).values(text_version="2019-01"))
    assert ledger.live(maria, "case_status", "whatsapp", clock()) is None


def test_withdrawing_ends_everything_on_every_channel(
    engine: Engine, ledger: Ledger, sealer: Sealer, maria: str, child: str, clock: Clock
) -> None:
    case = a_case(engine, sealer, "C-1", clock())
    for channel in ("whatsapp", "sms"):
        agree(engine, ledger, maria, clock, channel=channel)
    agree(engine, ledger, maria, clock, purpose="reminders")
    agree(engine, ledger, child, clock, by=maria)
    with engine.begin() as connection:
        ledger.release(connection, case, maria, child, clock())
        assert ledger.withdraw(connection, maria, clock()) == 5
    assert all(row.withdrawn_at == clock() for who in (maria, child) for row in ledger.of(who))
    with engine.connect() as connection:
        assert not released(connection, case, maria, child)
    with engine.begin() as connection:
        assert ledger.withdraw(connection, maria, clock()) == 0


def test_withdrawing_one_purpose_leaves_the_other(engine: Engine, ledger: Ledger, maria: str, clock: Clock) -> None:
    agree(engine, ledger, maria, clock)
    agree(engine, ledger, maria, clock, purpose="reminders")
    with engine.begin() as connection:
        assert ledger.withdraw(connection, maria, clock(), "reminders") == 1
    assert ledger.live(maria, "case_status", "whatsapp", clock()) is not None
    assert ledger.live(maria, "reminders", "whatsapp", clock()) is None


def test_somebody_may_agree_again_after_withdrawing(engine: Engine, ledger: Ledger, maria: str, clock: Clock) -> None:
    agree(engine, ledger, maria, clock)
    with engine.begin() as connection:
        ledger.withdraw(connection, maria, clock())
    clock.pass_(60)
    agree(engine, ledger, maria, clock)
    found = ledger.live(maria, "case_status", "whatsapp", clock())
    assert found is not None
    assert found.given_at == clock()
    assert len(ledger.of(maria)) == 2


def test_a_release_goes_one_way_and_ends_at_once(
    engine: Engine, ledger: Ledger, sealer: Sealer, maria: str, child: str, clock: Clock
) -> None:
    case, other = a_case(engine, sealer, "C-1", clock()), a_case(engine, sealer, "C-2", clock())
    with engine.begin() as connection:
        ledger.release(connection, case, maria, child, clock())
        ledger.release(connection, case, maria, child, clock())  # twice is once
        assert released(connection, case, maria, child)
        assert not released(connection, case, child, maria)
        assert not released(connection, other, maria, child)
        assert ledger.withdraw_release(connection, case, maria, child, clock()) == 1
        assert not released(connection, case, maria, child)
        with pytest.raises(LedgerError):
            ledger.release(connection, case, maria, maria, clock())


@pytest.mark.parametrize(
    ("purpose", "channel", "version"),
    [("marketing", "sms", TEXT_VERSION), ("case_status", "fax", TEXT_VERSION), ("case_status", "sms", "2019-01")],
)
def test_what_cannot_be_agreed_to_is_refused(
    engine: Engine, ledger: Ledger, maria: str, clock: Clock, purpose: str, channel: str, version: str
) -> None:
    with engine.begin() as connection, pytest.raises(LedgerError):
        ledger.give(connection, maria, maria, purpose, channel, version, None, clock())
    assert ledger.of(maria) == []


def test_every_change_is_one_line_in_the_log(
    engine: Engine, ledger: Ledger, sealer: Sealer, maria: str, child: str, clock: Clock
) -> None:
    case = a_case(engine, sealer, "C-1", clock())
    agree(engine, ledger, maria, clock)
    with engine.begin() as connection:
        ledger.release(connection, case, maria, child, clock())
        ledger.withdraw_release(connection, case, maria, child, clock())
        ledger.withdraw(connection, maria, clock())
        assert lines(connection) == 4
    assert audit.verify(engine) == []
