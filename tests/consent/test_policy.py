"""The policy against an oracle of its own, over more than a hundred thousand worlds; and each condition by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.channels.base import ChannelName
from bot.consent.policy import Allow, ConsentFacts, Deny, Fact, Facts, Reason, Role, decide
from tests.consent import oracle

WORLDS = 100_000
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)

CONSENT = ConsentFacts(
    purpose="case_status",
    channel="whatsapp",
    text_version_known=True,
    expires_at=NOW + timedelta(days=1),
    withdrawn_at=None,
    given_by_self=True,
    given_by_guardian=False,
    child_assented=None,
)
OWN = Facts(
    now=NOW,
    wants=Fact.STATUS,
    channel=ChannelName.WHATSAPP,
    linked=True,
    link_revoked=False,
    in_case=True,
    role_ended=False,
    role=Role.PRINCIPAL,
    guards=None,
    about_id="me",
    about_self=True,
    about_in_case=True,
    released=False,
    minor=False,
    consent=CONSENT,
    proved_at=NOW - timedelta(minutes=1),
    proved_person_same=True,
    channel_may_carry=True,
    on_hold=False,
    closed=False,
    erased=False,
    locked=False,
    rolled_back=False,
)
_FOR_A_CHILD = replace(CONSENT, given_by_self=False, given_by_guardian=True, child_assented=True)
RELATIVE = replace(OWN, role=Role.DERIVATIVE)
CHILD = replace(OWN, role=Role.DERIVATIVE, minor=True, consent=_FOR_A_CHILD)
SURVIVOR_OF_RELATIVE = replace(OWN, about_id="you", about_self=False, released=True)
GUARDIAN_OF_CHILD = replace(
    OWN, role=Role.GUARDIAN, guards="you", about_id="you", about_self=False, minor=True, consent=_FOR_A_CHILD
)
MOTHER_OF_CHILD = replace(GUARDIAN_OF_CHILD, role=Role.DERIVATIVE, wants=Fact.APPOINTMENTS)
SURVIVOR_OF_CHILD = replace(GUARDIAN_OF_CHILD, role=Role.PRINCIPAL, wants=Fact.APPOINTMENTS)
GUARDIAN_OF_SELF = replace(OWN, role=Role.GUARDIAN, guards="you")
SHOWN = {
    "a survivor": OWN,
    "a relative": RELATIVE,
    "a child whose guardian agreed": CHILD,
    "a survivor about a relative who released it": SURVIVOR_OF_RELATIVE,
    "a guardian about the child": GUARDIAN_OF_CHILD,
    "a mother with a part of her own about the child": MOTHER_OF_CHILD,
    "a survivor about their own child": SURVIVOR_OF_CHILD,
    "a guardian about themselves": GUARDIAN_OF_SELF,
}


def without(**changed: Any) -> Callable[[Facts], Facts]:
    return lambda world: replace(world, **changed)


def consent(**changed: Any) -> Callable[[Facts], Facts]:
    return lambda world: replace(world, consent=replace(world.consent or CONSENT, **changed))


#: Each condition of section 6 with its breach, tried on every kind of world that is otherwise shown.
BREACHES: list[tuple[Reason, Callable[[Facts], Facts]]] = [
    (Reason.NOT_LINKED, without(linked=False)),
    (Reason.LINK_REVOKED, without(link_revoked=True)),
    (Reason.NOT_IN_CASE, without(in_case=False)),
    (Reason.NOT_IN_CASE, without(role=None)),
    (Reason.ROLE_ENDED, without(role_ended=True)),
    (Reason.NO_CONSENT, without(consent=None)),
    (Reason.OTHER_PURPOSE, consent(purpose="reminders")),
    (Reason.OTHER_CHANNEL, consent(channel="telegram")),
    (Reason.OTHER_CHANNEL, without(channel=ChannelName.SMS)),
    (Reason.UNKNOWN_TEXT, consent(text_version_known=False)),
    (Reason.EXPIRED, consent(expires_at=NOW)),
    (Reason.WITHDRAWN, consent(withdrawn_at=NOW - TICK)),
    (Reason.WITHDRAWN, consent(withdrawn_at=NOW + timedelta(days=1))),
    (Reason.GIVEN_BY_ANOTHER, consent(given_by_self=False, given_by_guardian=False)),
    (Reason.NOT_PROVED, without(proved_at=None)),
    (Reason.PROOF_OF_ANOTHER, without(proved_person_same=False)),
    (Reason.PROOF_TOO_OLD, without(proved_at=NOW - timedelta(minutes=10))),
    (Reason.PROOF_TOO_OLD, without(proved_at=NOW + TICK)),
    (Reason.ON_HOLD, without(on_hold=True)),
    (Reason.CLOSED, without(closed=True)),
    (Reason.ERASED, without(erased=True)),
    (Reason.LOCKED, without(locked=True)),
    (Reason.ROLLED_BACK, without(rolled_back=True)),
]
#: Breaches that only some worlds know.
OF_SOME: list[tuple[Facts, Reason, Callable[[Facts], Facts]]] = [
    (SURVIVOR_OF_RELATIVE, Reason.NOT_RELEASED, without(released=False)),
    (SURVIVOR_OF_RELATIVE, Reason.OTHER_NOT_IN_CASE, without(about_in_case=False)),
    (SURVIVOR_OF_RELATIVE, Reason.OUT_OF_SCOPE, without(wants=Fact.APPOINTMENTS)),
    (SURVIVOR_OF_RELATIVE, Reason.OUT_OF_SCOPE, without(role=Role.DERIVATIVE)),
    (GUARDIAN_OF_CHILD, Reason.OTHER_NOT_IN_CASE, without(about_in_case=False)),
    (GUARDIAN_OF_CHILD, Reason.OUT_OF_SCOPE, without(guards="another")),
    (GUARDIAN_OF_CHILD, Reason.OUT_OF_SCOPE, without(guards=None)),
    (GUARDIAN_OF_CHILD, Reason.OUT_OF_SCOPE, without(guards="another", released=True)),
    (GUARDIAN_OF_CHILD, Reason.OUT_OF_SCOPE, lambda world: replace(world, minor=False, consent=CONSENT)),  # came of age
    (GUARDIAN_OF_CHILD, Reason.NOT_IN_CASE, without(role=None)),
    (MOTHER_OF_CHILD, Reason.OUT_OF_SCOPE, without(guards="another")),
    (MOTHER_OF_CHILD, Reason.OUT_OF_SCOPE, lambda world: replace(world, minor=False, consent=CONSENT)),
    (GUARDIAN_OF_CHILD, Reason.NO_ASSENT, consent(child_assented=False)),
    (CHILD, Reason.NO_ASSENT, consent(child_assented=None)),
    (CHILD, Reason.GIVEN_BY_ANOTHER, consent(given_by_self=True, given_by_guardian=False)),
    (CHILD, Reason.GIVEN_BY_ANOTHER, without(minor=False)),
]


@pytest.mark.parametrize("world", SHOWN.values(), ids=SHOWN.keys())
def test_what_may_be_shown_is_shown(world: Facts) -> None:
    assert oracle.broken(world) == []
    assert decide(world) == Allow("full", world.about_id)


@pytest.mark.parametrize("world", SHOWN.values(), ids=SHOWN.keys())
@pytest.mark.parametrize(("reason", "breach"), BREACHES, ids=[f"{n}-{each[0]}" for n, each in enumerate(BREACHES)])
def test_one_condition_that_fails_is_enough(world: Facts, reason: Reason, breach: Callable[[Facts], Facts]) -> None:
    assert oracle.broken(breach(world))
    assert decide(breach(world)) == Deny(reason)


@pytest.mark.parametrize(("world", "reason", "breach"), OF_SOME, ids=[f"{n}-{each[1]}" for n, each in enumerate(OF_SOME)])
def test_what_is_anothers_stays_theirs(world: Facts, reason: Reason, breach: Callable[[Facts], Facts]) -> None:
    assert oracle.broken(breach(world))
    assert decide(breach(world)) == Deny(reason)


def test_every_reason_has_its_breach() -> None:
    assert {each[0] for each in BREACHES} | {each[1] for each in OF_SOME} == set(Reason)


def test_sms_hears_only_that_there_is_news() -> None:
    world = replace(OWN, channel=ChannelName.SMS, channel_may_carry=False, consent=replace(CONSENT, channel="sms"))
    assert decide(world) == Allow("news_only", "me")


def test_the_edges_in_time_are_exact() -> None:
    assert isinstance(decide(replace(OWN, proved_at=NOW - timedelta(minutes=10) + TICK)), Allow)
    assert isinstance(decide(replace(OWN, proved_at=NOW)), Allow)
    assert isinstance(decide(replace(OWN, consent=replace(CONSENT, expires_at=NOW + TICK))), Allow)


# Each of the hundred thousand worlds is a shown one with some of its fields set to anything.
_AROUND = [timedelta(0), TICK, -TICK, timedelta(minutes=10), -timedelta(minutes=10), TICK - timedelta(minutes=10)]
_TIMES = [NOW + each for each in (*_AROUND, timedelta(days=1), -timedelta(days=1), timedelta(minutes=-5))]
_VALUES: dict[str, list[Any]] = {
    "wants": list(Fact),
    "channel": list(ChannelName),
    "role": [*Role, None],
    "guards": [None, "me", "you", "another"],
    "proved_at": [None, *_TIMES],
    "consent.purpose": ["case_status", "reminders"],
    "consent.channel": list(map(str, ChannelName)),
    "consent.expires_at": _TIMES,
    "consent.withdrawn_at": [None, *_TIMES],
    "consent.child_assented": [True, False, None],
    "consent": [None],
    # who is meant changes as a whole: nobody is somebody else and themselves
    "about": [("me", True), ("you", False), ("another", False)],
}
_BOOLEANS = [field.name for field in fields(Facts) if field.type == "bool" and field.name != "about_self"]
_VALUES |= {name: [True, False] for name in _BOOLEANS}
_VALUES |= {f"consent.{name}": [True, False] for name in ("text_version_known", "given_by_self", "given_by_guardian")}
CHANGES = [(name, value) for name, values in _VALUES.items() for value in values]


def changed(world: Facts, changes: list[tuple[str, Any]]) -> Facts:
    new: dict[str, Any] = {}
    bit: dict[str, Any] = {}
    for name, value in changes:
        if name == "about":
            new["about_id"], new["about_self"] = value
        elif name.startswith("consent."):
            bit[name.removeprefix("consent.")] = value
        else:
            new[name] = value
    if bit and "consent" not in new and world.consent is not None:
        new["consent"] = replace(world.consent, **bit)
    return replace(world, **new)


DRAWN, BATCH, SPOTS = 300_000, 150, 12


def drawn(seed: bytes) -> Facts:
    """A world from twelve bytes: the shown world it begins with, and up to eleven changes, on average four; zeros change nothing."""
    changes = [CHANGES[byte - 1] for byte in seed[1:] if 0 < byte <= len(CHANGES)]
    return changed(list(SHOWN.values())[seed[0] % len(SHOWN)], changes)


def test_a_hundred_thousand_worlds_are_decided_as_the_oracle_says() -> None:
    seen: Counter[str] = Counter()
    different: set[int] = set()

    # Hypothesis draws them by the batch: one at a time takes minutes.
    @settings(max_examples=DRAWN // BATCH, phases=[Phase.generate, Phase.shrink], database=None)
    @given(st.binary(min_size=BATCH * SPOTS, max_size=BATCH * SPOTS))
    def agree(seeds: bytes) -> None:
        for start in range(0, len(seeds), SPOTS):
            facts = drawn(seeds[start : start + SPOTS])
            different.add(hash(facts))
            decision, broken = decide(facts), oracle.broken(facts)
            assert isinstance(decision, Allow) is not bool(broken), (facts, broken)
            if isinstance(decision, Allow):
                assert (decision.detail, decision.about_id) == (oracle.most(facts), facts.about_id)
            seen[decision.detail if isinstance(decision, Allow) else decision.reason] += 1

    agree()
    assert len(different) >= WORLDS
    assert seen["full"] + seen["news_only"] >= DRAWN / 20  # the oracle had something to allow
    assert set(seen) >= {*Reason, "full", "news_only"}


@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in _VALUES.items() if name != "consent"}))
@settings(max_examples=1000, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_worlds_made_of_chance_alone_are_decided_as_the_oracle_says(values: dict[str, Any]) -> None:
    facts = changed(OWN, list(values.items()))
    assert isinstance(decide(facts), Allow) is not bool(oracle.broken(facts))
