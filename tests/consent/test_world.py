"""What the policy is told is what stands in the tables now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.consent.ledger import TEXT_VERSION, Ledger
from bot.consent.policy import Allow, Deny, Fact, Reason, decide
from bot.consent.world import World
from bot.store.db import connect
from bot.store.seal import Sealer
from bot.store.tables import audit as audit_table
from bot.store.tables import case_file, case_role, consent, conversation, guardianship, link, person
from bot.store.vault import Vault
from tests.conftest import Clock
from tests.consent.people import a_case, a_guardian, a_link, a_person, a_phone, a_role


@dataclass
class Town:
    """Maria, a survivor; Ana, her sister, who looks after Leo, a child; a phone for Maria and one for Ana, both linked."""

    engine: Engine
    keystore: Engine
    clock: Clock
    vault: Vault
    ledger: Ledger
    world: World
    case: str
    maria: str
    ana: str
    leo: str
    phones: dict[str, tuple[int, str]]

    def asks(
        self, who: str, about: str = "", wants: Fact = Fact.STATUS, channel: ChannelName = ChannelName.WHATSAPP, phone: str = ""
    ) -> str:
        """What the policy answers: "full", "news_only", or the reason."""
        contact, talk = self.phones[phone or who]
        facts = self.world.facts(contact, talk, who, self.case, about or who, wants, channel, self.clock())
        decision = decide(facts)
        return decision.detail if isinstance(decision, Allow) else decision.reason

    def agrees(self, who: str, by: str = "", channel: str = "whatsapp", assent: bool | None = None) -> None:
        with self.engine.begin() as connection:
            self.ledger.give(connection, who, by or who, "case_status", channel, TEXT_VERSION, assent, self.clock())

    def proves(self, who: str, phone: str = "") -> None:
        self.change(
            update(conversation)
            .where(conversation.c.id == self.phones[phone or who][1])
            .values(proved_person_id=who, proved_until=self.clock() + timedelta(minutes=10))
        )

    def change(self, *statements: object) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def town(engine: Engine, sealer: Sealer, clock: Clock, tmp_path: object) -> Town:
    keystore = connect(f"sqlite:///{tmp_path}/keys.db")
    vault = Vault(keystore, sealer)
    case = a_case(engine, sealer, "C-1", clock())
    ids = [a_person(engine, sealer, name, clock(), minor=name == "leo") for name in ("maria", "ana", "leo")]
    maria, ana, leo = ids
    with engine.begin() as connection:
        for each in ids:
            connection.execute(
                update(person).where(person.c.id == each).values(details=vault.seal(f"person:{each}", {"name": "x"}))
            )
    a_role(engine, case, maria)
    a_role(engine, case, leo, "derivative")
    a_guardian(engine, case, ana, leo)
    phones = {maria: a_phone(engine, sealer, "1", clock()), ana: a_phone(engine, sealer, "2", clock())}
    for who in (maria, ana):
        a_link(engine, phones[who][0], who, clock())
    world = World(engine, vault, keystore)
    town = Town(engine, keystore, clock, vault, Ledger(engine), world, case, maria, ana, leo, phones)
    town.agrees(maria)
    town.agrees(leo, by=ana, assent=True)
    town.proves(maria)
    town.proves(ana)
    audit.remember_head(keystore, engine)
    return town


def test_those_who_may_see_do(town: Town) -> None:
    assert town.asks(town.maria) == "full"
    assert town.asks(town.ana, about=town.leo, wants=Fact.APPOINTMENTS) == "full"


def test_nobody_sees_what_is_anothers(town: Town) -> None:
    assert town.asks(town.ana) == Reason.NO_CONSENT  # she agreed for Leo, not for herself
    town.agrees(town.ana)
    assert town.asks(town.ana) == "full"
    assert town.asks(town.ana, about=town.maria) == Reason.OUT_OF_SCOPE
    assert town.asks(town.maria, about=town.leo) == Reason.NOT_RELEASED
    assert town.asks(town.leo, phone=town.ana) == Reason.NOT_LINKED
    assert town.asks(town.maria, phone=town.ana) == Reason.NOT_LINKED


def test_a_release_opens_one_way_and_closes_at_once(town: Town) -> None:
    with town.engine.begin() as connection:
        town.ledger.release(connection, town.case, town.leo, town.maria, town.clock())
    assert town.asks(town.maria, about=town.leo, wants=Fact.ITINERARY) == "full"
    assert town.asks(town.maria, about=town.leo, wants=Fact.APPOINTMENTS) == Reason.OUT_OF_SCOPE
    with town.engine.begin() as connection:
        town.ledger.withdraw_release(connection, town.case, town.leo, town.maria, town.clock())
    assert town.asks(town.maria, about=town.leo, wants=Fact.ITINERARY) == Reason.NOT_RELEASED


ENDS: dict[Reason, Callable[[Town], object]] = {
    Reason.LINK_REVOKED: lambda t: update(link).values(revoked_at=t.clock()),
    Reason.NOT_LINKED: lambda t: delete(link),
    Reason.NOT_IN_CASE: lambda t: delete(case_role).where(case_role.c.person_id == t.maria),
    Reason.ROLE_ENDED: lambda t: update(case_role).values(ended_at=t.clock()),
    Reason.NO_CONSENT: lambda t: delete(consent),
    Reason.OTHER_PURPOSE: lambda t: update(consent).values(purpose="reminders"),
    Reason.OTHER_CHANNEL: lambda t: update(consent).values(channel="telegram"),
    Reason.UNKNOWN_TEXT: lambda t: update(consent).values(text_version="2019-01"),
    Reason.EXPIRED: lambda t: update(consent).values(expires_at=t.clock()),
    Reason.WITHDRAWN: lambda t: update(consent).values(withdrawn_at=t.clock()),
    Reason.GIVEN_BY_ANOTHER: lambda t: update(consent).values(given_by_person_id=t.leo),
    Reason.NOT_PROVED: lambda t: update(conversation).values(proved_until=None),
    Reason.PROOF_OF_ANOTHER: lambda t: update(conversation).values(proved_person_id="duress"),
    Reason.PROOF_TOO_OLD: lambda t: update(conversation).values(proved_until=t.clock()),
    Reason.ON_HOLD: lambda t: update(case_file).values(safety_hold=True),
    Reason.CLOSED: lambda t: update(case_file).values(closed_at=t.clock()),
    Reason.ERASED: lambda t: update(person).values(erased_at=t.clock()),
    Reason.LOCKED: lambda t: update(person).values(locked_until=t.clock() + timedelta(seconds=1)),
    Reason.ROLLED_BACK: lambda t: delete(audit_table),
}


@pytest.mark.parametrize("reason", ENDS)
def test_what_changes_in_the_tables_counts_at_once(town: Town, reason: Reason) -> None:
    town.change(ENDS[reason](town))
    assert town.asks(town.maria) == reason


def test_a_guardian_ends_with_their_role_and_with_the_childhood(town: Town) -> None:
    def asks() -> str:
        return town.asks(town.ana, about=town.leo)

    ana = case_role.c.person_id == town.ana
    town.change(update(case_role).where(ana).values(ended_at=town.clock()))
    assert asks() == Reason.ROLE_ENDED
    town.change(update(case_role).where(ana).values(ended_at=None), update(person).values(minor=False))
    assert asks() == Reason.OUT_OF_SCOPE
    town.change(update(person).where(person.c.id == town.leo).values(minor=True), update(consent).values(child_assented=False))
    assert asks() == Reason.NO_ASSENT
    leo = case_role.c.person_id == town.leo
    town.change(update(consent).values(child_assented=True), update(case_role).where(leo).values(ended_at=town.clock()))
    assert asks() == Reason.OTHER_NOT_IN_CASE


def test_a_relative_who_speaks_for_two_children_sees_those_two(town: Town, sealer: Sealer) -> None:
    ids = [a_person(town.engine, sealer, name, town.clock(), minor=True, details=b"") for name in ("mia", "tom")]
    for each in ids:
        town.change(update(person).where(person.c.id == each).values(details=town.vault.seal(f"person:{each}", {})))
        a_role(town.engine, town.case, each, "derivative")
    town.change(update(case_role).where(case_role.c.person_id == town.ana).values(role="derivative"))
    a_guardian(town.engine, town.case, town.ana, ids[0], role=None)
    assert town.asks(town.ana, about=town.leo, wants=Fact.APPOINTMENTS) == "full"
    assert town.asks(town.ana, about=ids[0]) == Reason.NO_CONSENT
    town.agrees(ids[0], by=town.ana, assent=True)
    assert town.asks(town.ana, about=ids[0]) == "full"
    assert town.asks(town.ana, about=ids[1]) == Reason.OUT_OF_SCOPE
    town.change(update(guardianship).where(guardianship.c.ward_id == town.leo).values(ended_at=town.clock()))
    assert town.asks(town.ana, about=town.leo) == Reason.OUT_OF_SCOPE
    assert town.asks(town.ana, about=ids[0]) == "full"


def test_a_child_with_a_phone_needs_its_guardians_consent_of_today(town: Town, sealer: Sealer) -> None:
    town.phones[town.leo] = a_phone(town.engine, sealer, "3", town.clock())
    a_link(town.engine, town.phones[town.leo][0], town.leo, town.clock())
    town.proves(town.leo)
    assert town.asks(town.leo) == "full"
    town.agrees(town.leo)  # its own later word takes nothing away and would not be enough
    assert town.asks(town.leo) == "full"
    town.change(update(case_role).where(case_role.c.person_id == town.ana).values(ended_at=town.clock()))
    assert town.asks(town.leo) == Reason.GIVEN_BY_ANOTHER


def test_who_came_of_age_agrees_for_themselves(town: Town, sealer: Sealer) -> None:
    town.phones[town.leo] = a_phone(town.engine, sealer, "3", town.clock())
    a_link(town.engine, town.phones[town.leo][0], town.leo, town.clock())
    town.proves(town.leo)
    town.change(update(person).values(minor=False))
    assert town.asks(town.leo) == Reason.GIVEN_BY_ANOTHER
    town.agrees(town.leo)
    assert town.asks(town.leo) == "full"


def test_each_guardian_agrees_for_themselves(town: Town, sealer: Sealer) -> None:
    bea = a_person(town.engine, sealer, "bea", town.clock(), details=b"")
    town.change(update(person).where(person.c.id == bea).values(details=town.vault.seal(f"person:{bea}", {})))
    a_guardian(town.engine, town.case, bea, town.leo)
    town.phones[bea] = a_phone(town.engine, sealer, "3", town.clock())
    a_link(town.engine, town.phones[bea][0], bea, town.clock())
    town.proves(bea)
    assert town.asks(bea, about=town.leo) == Reason.GIVEN_BY_ANOTHER
    town.agrees(town.leo, by=bea, assent=True)
    assert town.asks(bea, about=town.leo) == "full"
    assert town.asks(town.ana, about=town.leo) == "full"


def test_sms_needs_its_own_consent_and_hears_of_news_only(town: Town) -> None:
    assert town.asks(town.maria, channel=ChannelName.SMS) == Reason.OTHER_CHANNEL
    town.agrees(town.maria, channel="sms")
    assert town.asks(town.maria, channel=ChannelName.SMS) == "news_only"


def test_two_people_on_one_phone_see_only_what_the_one_who_proved_may(town: Town) -> None:
    town.agrees(town.ana)
    a_link(town.engine, town.phones[town.maria][0], town.ana, town.clock())
    assert town.asks(town.ana, phone=town.maria) == Reason.PROOF_OF_ANOTHER
    town.proves(town.ana, phone=town.maria)
    assert town.asks(town.ana, phone=town.maria) == "full"
    assert town.asks(town.maria) == Reason.PROOF_OF_ANOTHER


def test_a_proof_in_another_talk_is_none_here(town: Town) -> None:
    contact, _ = town.phones[town.maria]
    _, others = town.phones[town.ana]
    facts = town.world.facts(contact, others, town.maria, town.case, town.maria, Fact.STATUS, ChannelName.WHATSAPP, town.clock())
    assert decide(facts) == Deny(Reason.NOT_PROVED)


def test_a_relinked_phone_sees_again(town: Town) -> None:
    town.change(update(link).values(revoked_at=town.clock()))
    a_link(town.engine, town.phones[town.maria][0], town.maria, town.clock())
    assert town.asks(town.maria) == "full"


def test_a_withdrawn_consent_does_not_come_back_by_an_older_one(town: Town) -> None:
    town.clock.pass_(5)
    town.agrees(town.maria)
    with town.engine.begin() as connection:
        town.ledger.withdraw(connection, town.maria, town.clock())
    assert town.asks(town.maria) == Reason.WITHDRAWN
    town.agrees(town.maria)
    assert town.asks(town.maria) == "full"


def test_a_destroyed_key_erases_whatever_the_row_says(town: Town) -> None:
    town.vault.destroy(f"person:{town.maria}")
    assert town.asks(town.maria) == Reason.ERASED


def test_nothing_is_shown_from_a_rolled_back_database_until_staff_accept_it(town: Town) -> None:
    with town.engine.connect() as connection:
        kept = connection.execute(select(consent).where(consent.c.person_id == town.maria)).mappings().one()
        lines = connection.execute(select(audit_table)).mappings().all()
    with town.engine.begin() as connection:
        town.ledger.withdraw(connection, town.maria, town.clock())
    audit.remember_head(town.keystore, town.engine)
    # Yesterday's database: the consent is live again, the lines since then are gone.
    town.change(
        delete(consent), delete(audit_table), insert(consent).values(**kept), insert(audit_table).values(list(map(dict, lines)))
    )
    assert town.asks(town.maria) == Reason.ROLLED_BACK
    audit.accept_head(town.keystore, town.engine, "anna", town.clock())
    assert town.asks(town.maria) == "full"


def test_unknown_ids_are_denied(town: Town) -> None:
    for ids in (
        (0, "", "", "", ""),
        (*town.phones[town.maria], "", town.case, ""),
        (*town.phones[town.maria], town.maria, "no case", town.maria),
    ):
        facts = town.world.facts(*ids, Fact.STATUS, ChannelName.WHATSAPP, town.clock())
        assert isinstance(decide(facts), Deny)
        assert isinstance(decide(replace(facts, rolled_back=False, linked=True, proved_person_same=True)), Deny)
