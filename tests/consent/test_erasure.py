"""An erasure leaves nothing that can be read, loses no cry for help, can be taken back, and is finished after any interruption."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from bot.cases.facts import CaseError
from bot.channels.base import ChannelName, Part
from bot.consent import audit as log
from bot.consent.erasure import Erasures, Ran
from bot.consent.memory import RasaMemory
from bot.gateway import outbox as outgoing
from bot.gateway.commit import Committer, LeaseLost
from bot.gateway.outbox import Outbox
from bot.gateway.turn import Turn
from bot.handoff.tickets import TicketRequest, open_ticket
from bot.store.db import connect, migrate
from bot.store.seal import Sealer, SealError
from bot.store.tables import (
    appointment,
    audit,
    consent,
    contact,
    conversation,
    erasure,
    inbox,
    itinerary,
    link,
    outbox,
    person,
    ticket,
)
from bot.store.vault import Vault
from tests.conftest import KEYS, Clock
from tests.keeping import NAME, PLACE, TEXT, House, flight, interview, rasa_door

WEEK = 7 * 86400
OTHER = "whatsapp:+15550001111"


@pytest.fixture
def house(engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock) -> Iterator[House]:
    with rasa_door() as (url, _):
        yield House(engine, tmp_path, sealer, clock, url)


class Killed(BaseException):
    """The process ends here."""


class DyingVault(Vault):
    """A vault whose process is killed as it destroys a key."""

    def destroy(self, subject: str) -> bool:
        raise Killed


def linked(house: House) -> tuple[str, str]:
    """A chat and its person, with dates, a consent and a PIN."""
    someone, talk = house.person(), house.writes()
    house.links(talk, someone, "case_status")
    soon = house.clock() + timedelta(days=20)
    house.dates(someone, interview(soon), flights=(flight(soon + timedelta(days=5)),))
    with house.engine.begin() as connection:
        house.pins.set(connection, someone, "2580", duress=False)
    return talk, someone


def ask(house: House, talk: str) -> str:
    return house.erasures.ask(house.contact_id(talk), talk, house.clock()).receipt


def test_after_a_week_nothing_of_the_chat_or_the_person_is_left_and_rasa_forgot(
    engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock
) -> None:
    with rasa_door() as (url, told):
        house = House(engine, tmp_path, sealer, clock, url)
        talk, someone = linked(house)
        receipt = ask(house, talk)
        clock.pass_(WEEK)
        assert house.erasures.run(clock(), house.memory) == Ran(done=1, waiting=0)
        assert told == [talk]
    for table in (inbox, outbox, contact, conversation, link, consent, appointment, itinerary):
        assert house.rows(table) == []
    (row,) = house.rows(person)
    assert (row.details, row.pin_hash, row.duress_hash, row.erased_at) == (b"", None, None, clock())
    found = house.erasures.find(receipt.lower().replace("-", " "))
    assert found is not None
    assert found.done_at == clock()
    (kept,) = house.rows(erasure)
    assert (kept.person_id, kept.conversation_id) == (None, None)
    assert someone not in receipt
    assert log.verify(engine) == []


def test_a_backup_of_the_main_database_opens_no_more_once_the_key_is_destroyed(
    tmp_path: Path, sealer: Sealer, clock: Clock
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'main.db'}")
    migrate(engine)
    with rasa_door() as (url, _):
        house = House(engine, tmp_path, sealer, clock, url)
        talk, someone = linked(house)
        with engine.begin() as connection:
            backup = connection.execute(select(person.c.details)).scalar_one()
            dates = connection.execute(select(appointment.c.details)).scalar_one()
        assert house.vault.open(f"person:{someone}", backup)["name"] == NAME
        assert house.vault.open(f"person:{someone}", dates)["place"] == PLACE
        ask(house, talk)
        clock.pass_(WEEK)
        house.erasures.run(clock(), house.memory)
    for sealed in (backup, dates):
        with pytest.raises(SealError, match="destroyed"):
            Vault(connect(f"sqlite:///{tmp_path / 'keys.db'}"), Sealer(KEYS)).open(f"person:{someone}", sealed)
        with pytest.raises(SealError):  # nor does the master key open it
            Sealer(KEYS).open(sealed)


def test_not_a_minute_before_the_week_is_over_and_not_twice(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    ask(house, talk)
    clock.pass_(WEEK - 60)
    assert house.erasures.run(clock(), house.memory) == Ran(0, 0)
    assert house.rows(inbox) != []
    clock.pass_(60)
    assert house.erasures.due(clock()) == 1
    assert house.erasures.run(clock(), house.memory) == Ran(1, 0)
    assert house.erasures.run(clock(), house.memory) == Ran(0, 0)


def test_asked_twice_it_is_one_erasure_with_one_receipt_and_the_first_week_counts(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    first = house.erasures.ask(house.contact_id(talk), talk, clock())
    clock.pass_(86400)
    assert house.erasures.ask(house.contact_id(talk), talk, clock()) == first
    assert len(house.rows(erasure)) == 1


def test_the_way_back_leaves_everything_as_it_was_until_the_last_moment(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    receipt = ask(house, talk)
    before = [house.rows(table) for table in (person, inbox, outbox, link, consent, appointment)]
    clock.pass_(WEEK)
    with house.engine.begin() as connection:
        assert house.erasures.back(connection, talk, clock()) == 1
    assert house.erasures.run(clock(), house.memory) == Ran(0, 0)
    assert [house.rows(table) for table in (person, inbox, outbox, link, consent, appointment)] == before
    found = house.erasures.find(receipt)
    assert found is not None
    assert found.cancelled_at == clock()
    assert [row.outcome for row in house.rows(audit) if row.action == "erasure"] == ["asked", "taken back"]


def test_somebody_stops_from_their_other_phone_what_was_asked_on_the_first(house: House, clock: Clock) -> None:
    talk, someone = linked(house)
    other = house.writes("424242", ChannelName.TELEGRAM)
    house.links(other, someone)
    stranger = house.writes(OTHER)
    ask(house, talk)
    with house.engine.begin() as connection:
        assert house.erasures.back(connection, stranger, clock()) == 0
        assert house.erasures.back(connection, other, clock()) == 1


def test_an_unread_message_is_never_erased_and_the_erasure_waits_for_it(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    ask(house, talk)
    clock.pass_(WEEK)
    house.writes(text="help", handled=False)
    assert house.erasures.run(clock(), house.memory) == Ran(0, waiting=1)
    assert any(row.state == "received" for row in house.rows(inbox))
    with house.engine.begin() as connection:
        connection.execute(update(inbox).values(state="handled"))
        outgoing.add(connection, house.vault, talk, None, [Part("you are not alone")], clock())
    assert house.erasures.run(clock(), house.memory) == Ran(0, waiting=1)  # its answer is on its way
    clock.pass_(3700)
    assert house.erasures.run(clock(), house.memory) == Ran(1, 0)


def test_work_that_waits_for_staff_stays_but_says_nothing_about_whom(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    message = house.rows(inbox)[0].id
    with house.engine.begin() as connection:
        open_ticket(connection, TicketRequest("danger", "urgent"), talk, message, "es", "whatsapp", clock())
        open_ticket(connection, TicketRequest("q05"), talk, message, "es", "whatsapp", clock())
        connection.execute(update(ticket).where(ticket.c.reason == "q05").values(state="closed"))
    ask(house, talk)
    clock.pass_(WEEK)
    assert house.erasures.run(clock(), house.memory) == Ran(1, 0)
    (left,) = house.rows(ticket)
    assert (left.reason, left.inbox_id) == ("danger", None)
    (gone,) = house.rows(contact)
    assert (gone.address, gone.last_inbound_at) == (b"", None)
    assert house.vault.talks() == set()  # although the row stays
    again = house.writes()  # whoever writes again from that phone is somebody new
    assert again != talk
    assert len(house.rows(contact)) == 2


def test_while_rasa_is_down_the_data_goes_and_the_erasure_is_finished_later(
    engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock
) -> None:
    with rasa_door(status=503) as (url, _):
        house = House(engine, tmp_path, sealer, clock, url)
        talk, _ = linked(house)
        receipt = ask(house, talk)
        clock.pass_(WEEK)
        assert house.erasures.run(clock(), house.memory) == Ran(0, waiting=1)
    assert house.rows(inbox) == []
    unfinished = house.erasures.find(receipt)
    assert unfinished is not None
    assert unfinished.done_at is None
    with rasa_door() as (url, told):
        assert house.erasures.run(clock(), RasaMemory(url, "t" * 20)) == Ran(1, 0)
    assert told == [talk]
    assert [row.outcome for row in house.rows(audit) if row.action == "erasure"] == ["asked", "done"]


def test_an_erasure_killed_before_the_key_was_destroyed_destroys_it_on_the_next_run(house: House, clock: Clock) -> None:
    talk, someone = linked(house)
    sealed, message = house.rows(person)[0].details, house.rows(inbox)[0]
    ask(house, talk)
    clock.pass_(WEEK)
    with pytest.raises(Killed):
        Erasures(house.engine, DyingVault(house.keystore, house.sealer)).run(clock(), house.memory)
    assert house.vault.open(f"person:{someone}", sealed)["name"] == NAME
    assert house.body(message)["text"] == TEXT
    assert house.erasures.run(clock(), house.memory) == Ran(1, 0)
    with pytest.raises(SealError):
        house.vault.open(f"person:{someone}", sealed)
    with pytest.raises(SealError):
        house.body(message)


def test_an_answer_about_the_person_that_waits_in_another_chat_goes_too_and_their_proof_there_ends(
    house: House, clock: Clock
) -> None:
    talk, someone = linked(house)
    other = house.writes(OTHER)
    house.links(other, someone)
    with house.engine.begin() as connection:
        outgoing.add(connection, house.vault, other, None, [Part("your interview")], clock(), guard=f"case_status:{someone}:c")
        outgoing.add(connection, house.vault, other, None, [Part("general words")], clock())
        proof = {"proved_person_id": someone, "proved_until": clock() + timedelta(days=9)}
        connection.execute(update(conversation).where(conversation.c.id == other).values(proof))
    ask(house, talk)
    clock.pass_(WEEK)
    house.erasures.run(clock(), house.memory)
    assert [row.guard for row in house.rows(outbox)] == [None, None]
    (left,) = house.rows(conversation)
    assert (left.id, left.proved_person_id) == (other, None)
    assert len(house.rows(inbox)) == 1  # that chat's own messages were not asked for


def test_on_a_shared_phone_only_the_one_who_proved_themselves_is_erased_with_the_chat(house: House, clock: Clock) -> None:
    talk, someone = linked(house)
    sister = house.person("REF-89")
    house.links(talk, sister, "case_status")
    with house.engine.begin() as connection:
        proof = {"proved_person_id": sister, "proved_until": clock() + timedelta(minutes=5)}
        connection.execute(update(conversation).values(proof))
    ask(house, talk)
    clock.pass_(WEEK)
    house.erasures.run(clock(), house.memory)
    erased = {row.id: row.erased_at is not None for row in house.rows(person)}
    assert erased == {someone: False, sister: True}
    assert house.rows(link) == []  # the chat is gone, so nobody is linked to it
    assert [row.person_id for row in house.rows(audit) if row.action == "link"] == [someone]
    assert house.cases.person("REF-88").name == NAME  # type: ignore[union-attr]


def test_on_a_shared_phone_where_nobody_proved_themselves_only_the_chat_goes(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    house.links(talk, house.person("REF-89"))
    ask(house, talk)
    clock.pass_(WEEK)
    house.erasures.run(clock(), house.memory)
    assert all(row.erased_at is None for row in house.rows(person))
    assert house.rows(conversation) == []


def test_what_a_guardian_agreed_to_for_a_child_ends_with_the_guardian_and_the_child_stays(house: House, clock: Clock) -> None:
    child = house.person("REF-90", born=date(2015, 1, 1))
    parent = house.person("REF-91", guards=child)
    talk = house.writes()
    house.links(talk, parent, "case_status", child=child)
    ask(house, talk)
    clock.pass_(WEEK)
    house.erasures.run(clock(), house.memory)
    assert house.ledger.live(child, "case_status", "whatsapp", clock()) is None
    assert [row.id for row in house.rows(person) if row.erased_at is None] == [child]


def test_a_message_in_hand_when_the_chat_is_erased_changes_nothing_afterwards(house: House, clock: Clock) -> None:
    """Two processes: one holds the chat's lease and thinks, the other erases; the thought is dropped."""
    talk, _ = linked(house)
    ask(house, talk)
    house.writes(handled=False)
    claim = house.inbox.claim(clock())
    assert claim is not None
    clock.pass_(WEEK)
    with house.engine.begin() as connection:  # a third one, to which the lease had passed, answered
        connection.execute(update(inbox).values(state="handled"))
    house.erasures.run(clock(), house.memory)
    assert house.vault.talks() == set()
    committer = Committer(house.engine, house.vault, Outbox(house.engine, house.vault))
    with pytest.raises(LeaseLost):
        committer.commit(Turn(claim, claim.inbound, clock()), [Part("too late")])
    assert house.rows(outbox) == []
    assert house.vault.talks() == set()


def test_an_import_does_not_bring_back_who_asked_to_be_erased(house: House, clock: Clock) -> None:
    talk, _ = linked(house)
    ask(house, talk)
    clock.pass_(WEEK)
    house.erasures.run(clock(), house.memory)
    with pytest.raises(CaseError, match="erased"):
        house.person()
    found = house.cases.person("REF-88")
    assert found is not None
    assert found.erased


def test_a_receipt_that_nobody_was_given_is_unknown(house: House) -> None:
    assert house.erasures.find("AAAA-AAAA-AAAA") is None
    assert Erasures(house.engine, house.vault, receipt=lambda: "X").find("") is None
