"""What the policy has to know, read afresh from the tables in one transaction each time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, select

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.consent.ledger import TEXT_VERSIONS, Consent, consents, released
from bot.consent.policy import PROOF_LIFE, PURPOSE, ConsentFacts, Fact, Facts, Role
from bot.consent.roles import guardians
from bot.store.db import reading
from bot.store.seal import SealError
from bot.store.tables import case_file, case_role, conversation, link, person
from bot.store.vault import Vault

#: The channels that may carry case facts; every other one says at most that there is news.
CARRIES = frozenset({ChannelName.WHATSAPP, ChannelName.TELEGRAM})


class World:
    """Reads Facts. Makes the same queries whoever asks, so that a refusal takes as long as any other.

    With `vault`, a person whose key was destroyed counts as erased, also in a database restored from before. With `keystore`,
    nothing is shown while the audit log does not hold the line the keystore remembers (bot/consent/audit.py, `accept_head`).
    """

    def __init__(self, engine: Engine, vault: Vault | None = None, keystore: Engine | None = None) -> None:
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")  # one moment for all that is read
        self._engine, self._vault, self._keystore = engine, vault, keystore

    def facts(
        self,
        contact_id: int,
        conversation_id: str,
        person_id: str,
        case_id: str,
        about_id: str,
        wants: Fact,
        channel: ChannelName,
        now: datetime,
    ) -> Facts:
        """What is known when `person_id`, writing as this contact, wants something about `about_id` (themselves, or another).
        Unknown ids give facts that are denied."""
        rolled_back = self._keystore is not None and audit.rolled_back(self._keystore, self._engine)
        with reading(self._engine).connect() as connection:
            links = connection.execute(
                select(link.c.revoked_at).where(link.c.contact_id == contact_id, link.c.person_id == person_id)
            ).all()
            mine, theirs = self._role(connection, case_id, person_id), self._role(connection, case_id, about_id)
            asker, about = self._person(connection, person_id), self._person(connection, about_id)
            case = connection.execute(select(case_file).where(case_file.c.id == case_id)).first()
            talk = connection.execute(
                select(conversation).where(conversation.c.id == conversation_id, conversation.c.contact_id == contact_id)
            ).first()
            speaks = person_id in connection.scalars(guardians(about_id, case_id)).all() and about is not None and about.minor
            whose = about_id if speaks else person_id
            subject = about if speaks else asker
            minor = subject is None or subject.minor
            consent = self._consent(connection, case_id, whose, person_id, minor, channel)
            let = released(connection, case_id, about_id, person_id)
        return Facts(
            now=now,
            wants=wants,
            channel=channel,
            linked=bool(links),
            link_revoked=bool(links) and all(row.revoked_at is not None for row in links),
            in_case=mine is not None and case is not None,
            role_ended=mine is not None and mine.ended_at is not None,
            role=Role(mine.role) if mine is not None else None,
            guards=about_id if speaks else None,
            about_id=about_id,
            about_self=about_id == person_id,
            about_in_case=theirs is not None and theirs.ended_at is None,
            released=let,
            minor=minor,
            consent=consent,
            proved_at=talk.proved_until - PROOF_LIFE if talk is not None and talk.proved_until is not None else None,
            proved_person_same=talk is not None and talk.proved_person_id == person_id,
            channel_may_carry=channel in CARRIES,
            on_hold=case is None or case.safety_hold,
            closed=case is None or case.closed_at is not None,
            erased=any([self._erased(asker), self._erased(about)]),
            locked=asker is not None and asker.locked_until is not None and asker.locked_until > now,
            rolled_back=rolled_back,
        )

    def _erased(self, row: Row[Any] | None) -> bool:
        gone = row is None or row.erased_at is not None
        if self._vault is None:
            return gone
        try:  # asked for nobody too: the same work
            self._vault.open(f"person:{row.id if row else ''}", row.details if row else b"")
        except SealError:
            return True
        return gone

    @staticmethod
    def _role(connection: Connection, case_id: str, person_id: str) -> Row[Any] | None:
        mine = and_(case_role.c.case_id == case_id, case_role.c.person_id == person_id)
        return connection.execute(select(case_role).where(mine)).first()

    @staticmethod
    def _person(connection: Connection, person_id: str) -> Row[Any] | None:
        return connection.execute(select(person).where(person.c.id == person_id)).first()

    @staticmethod
    def _consent(
        connection: Connection, case_id: str, whose: str, asker: str, minor: bool, channel: ChannelName
    ) -> ConsentFacts | None:
        """The consent that bears on it: for this channel before another, by who may give it before others, then the newest."""
        of_record = set(connection.scalars(guardians(whose, case_id)))
        if whose != asker:
            of_record &= {asker}  # each guardian agrees for themselves

        may_give = of_record if minor else {whose}

        def rank(row: Consent) -> tuple[bool, bool, bool]:
            return row.purpose == PURPOSE, row.channel == channel, row.given_by in may_give

        found = max(consents(connection, whose), key=rank, default=None)  # the first of equals: the newest
        if found is None:
            return None
        return ConsentFacts(
            purpose=found.purpose,
            channel=found.channel,
            text_version_known=found.text_version in TEXT_VERSIONS,
            expires_at=found.expires_at,
            withdrawn_at=found.withdrawn_at,
            given_by_self=found.given_by == found.person_id,
            given_by_guardian=found.given_by in of_record,
            child_assented=found.child_assented,
        )
