"""Random lives of a case: two phones, two people, codes, PINs, consents, holds, time. Nobody ever reads what they may not.

The model below keeps the conditions of section 6 in its own simple way; the gateway under test is whole, but for Rasa (a
stand-in that says which response was chosen) and a cheaper argon2, so that thousands of PINs can be tried.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.channels.base import ChannelName
from bot.consent import audit
from bot.store.db import connect, migrate
from bot.store.seal import Sealer
from tests.conftest import KEYS, Clock
from tests.talk import Talk, load_answers, said

ANSWERS = load_answers()
PEOPLE = {"P1": "May 2, 2026", "P2": "October 3, 2026"}
PINS = {"P1": "2580", "P2": "7391"}
QUESTIONS = {
    "where is my case": "utter_ask_case_status",
    "/ask_case_status": "utter_ask_case_status",
    "take it back": "utter_withdraw_asked",
}
people, phones = st.sampled_from(sorted(PEOPLE)), st.sampled_from([ChannelName.TELEGRAM, ChannelName.WHATSAPP])


@dataclass
class Life:
    """What the model knows of one person."""

    in_case: bool = True
    consents: dict[ChannelName, datetime] = field(default_factory=dict)  # channel: expires
    links: set[ChannelName] = field(default_factory=set)
    has_pin: bool = False
    wrong: int = 0
    locked_until: datetime | None = None


class Case(RuleBasedStateMachine):
    """The rules are what people and staff do; every rule checks what was said against the model."""

    @initialize()
    def begin(self) -> None:
        self.clock, folder = Clock(), tempfile.mkdtemp()
        self.loop = asyncio.new_event_loop()
        engine, sealer = connect(f"sqlite:///{folder}/hearth.db"), Sealer(KEYS)
        migrate(engine)
        keystore = connect(f"sqlite:///{folder}/keys.db")
        self.talks = {}
        for channel in (ChannelName.TELEGRAM, ChannelName.WHATSAPP):
            talk = Talk(engine, sealer, self.clock, channel, ANSWERS, keystore=keystore)
            talk.rasa.answer = lambda body: (200, said(QUESTIONS.get(body["text"], "utter_ask_cost"), "words"))
            talk.desk.pins._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
            talk.desk.pins._dummy = talk.desk.pins._hasher.hash("nobody")
            self.talks[channel] = talk
        self.desk = self.talks[ChannelName.TELEGRAM].desk
        with self.desk.cases.changing("import", self.clock()) as change:
            self.case = change.case("HF-1")
            for reference, role, on in (("P1", "principal", date(2026, 5, 2)), ("P2", "derivative", date(2026, 10, 3))):
                who = change.person(reference, name="Somebody", born=date(1990, 1, 1))
                change.role(self.case, who, role)
                change.milestone(self.case, who, "application_filed", on)
        self.lives = {reference: Life() for reference in PEOPLE}
        self.held = self.closed = False
        self.proved: dict[ChannelName, tuple[str, datetime]] = {}
        for channel in self.talks:
            self.say(channel, "hello, a question about papers")

    def say(self, channel: ChannelName, text: str) -> str:
        """Sends, and checks that nothing was said that the model forbids; gives the words."""
        talk = self.talks[channel]
        self.clock.pass_(5)  # nobody types faster; a flood is throttled
        parts = self.loop.run_until_complete(talk.says(text))
        words = "\n".join(part.text for part in parts)
        for reference, fact in PEOPLE.items():
            if fact in words:
                assert self.may_see(channel, reference), f"{reference}'s step was shown on {channel}"
        return words

    def may_see(self, channel: ChannelName, reference: str) -> bool:
        life, now = self.lives[reference], self.clock()
        proof = self.proved.get(channel)
        return (
            channel in life.links
            and life.in_case
            and life.consents.get(channel, now) > now
            and proof is not None
            and proof[0] == reference
            and proof[1] > now
            and not self.held
            and not self.closed
        )

    @rule(channel=phones, reference=people, agrees=st.booleans())
    def link(self, channel: ChannelName, reference: str, agrees: bool) -> None:
        life = self.lives[reference]
        if self.closed or not life.in_case:
            return
        code = self.desk.codes.issue("HF-1", reference, "ana", self.clock())
        words = self.say(channel, code)
        if "choose a PIN" not in words:
            return
        life.links.add(channel)
        self.say(channel, PINS[reference])
        self.say(channel, PINS[reference])
        life.has_pin, life.wrong, life.locked_until = True, 0, None
        self.say(channel, "I agree" if agrees else "No")
        if agrees:
            life.consents[channel] = self.clock() + timedelta(days=365)
            self.proved[channel] = (reference, self.clock() + timedelta(minutes=10))

    @rule(channel=phones)
    def ask(self, channel: ChannelName) -> None:
        words = self.say(channel, "where is my case")
        proof = self.proved.get(channel)
        if proof and self.may_see(channel, proof[0]):
            assert PEOPLE[proof[0]] in words

    @rule(channel=phones, reference=people)
    def right_pin(self, channel: ChannelName, reference: str) -> None:
        self.pin(channel, PINS[reference])

    @rule(channel=phones, pin=st.sampled_from(["9182", "4071"]))
    def wrong_pin(self, channel: ChannelName, pin: str) -> None:
        self.pin(channel, pin)

    def pin(self, channel: ChannelName, pin: str) -> None:
        now = self.clock() + timedelta(seconds=5)  # when it is handled, see `say`
        here = [name for name, life in self.lives.items() if channel in life.links]
        fits = [name for name in here if self.lives[name].has_pin and PINS[name] == pin]
        locked = [name for name in here if (self.lives[name].locked_until or now) > now]
        self.proved.pop(channel, None)
        if fits and fits[0] not in locked:
            self.proved[channel] = (fits[0], now + timedelta(minutes=10))
            self.lives[fits[0]].wrong, self.lives[fits[0]].locked_until = 0, None
        elif not fits:
            for name in here:
                life = self.lives[name]
                if name in locked:
                    continue
                life.wrong = life.wrong + 1 if life.locked_until is None else 1
                life.locked_until = now + timedelta(hours=24) if life.wrong >= 5 else None
        words = self.say(channel, pin)
        if channel in self.proved and self.may_see(channel, self.proved[channel][0]):
            assert PEOPLE[self.proved[channel][0]] in words
        else:
            assert words == ANSWERS.render("utter_private_nothing", "en").text

    @rule(channel=phones)
    def withdraw(self, channel: ChannelName) -> None:
        self.proved.pop(channel, None)
        for life in self.lives.values():
            if channel in life.links:
                life.links.discard(channel)
                life.consents.clear()
        self.say(channel, "take it back")

    @rule(reference=people)
    def leaves_the_case(self, reference: str) -> None:
        if self.lives[reference].in_case:
            self.lives[reference].in_case = False
            with self.desk.cases.changing("ana", self.clock()) as change:
                change.end_role(self.case, change.person_id(self.case, reference))

    @rule(on=st.booleans())
    def hold(self, on: bool) -> None:
        self.held = on
        with self.desk.cases.changing("ana", self.clock()) as change:
            change.hold(self.case, on)

    @rule(on=st.booleans())
    def close(self, on: bool) -> None:
        self.closed = on
        with self.desk.cases.changing("ana", self.clock()) as change:
            change.close(self.case, on)

    @rule(seconds=st.sampled_from([30, 601, 86_401, 40 * 86_400, 366 * 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_(seconds)

    def teardown(self) -> None:
        if hasattr(self, "talks"):
            assert audit.verify(self.desk.engine) == []
            self.desk.engine.dispose()
            self.loop.close()


Case.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None, phases=(Phase.reuse, Phase.generate))
TestLives = Case.TestCase
