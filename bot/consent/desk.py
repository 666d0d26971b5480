"""Everything the private talk works with, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from bot.cases.files import Cases
from bot.consent.codes import Codes
from bot.consent.erasure import Erasures
from bot.consent.ledger import Ledger
from bot.consent.pins import Pins
from bot.consent.roles import Roles
from bot.consent.world import World
from bot.i18n.answers import Answers
from bot.store.seal import Sealer
from bot.store.vault import Vault


@dataclass(frozen=True)
class Desk:
    """What lies at hand: words, cases, codes, PINs, consents."""

    engine: Engine
    sealer: Sealer
    vault: Vault
    answers: Answers
    cases: Cases
    roles: Roles
    codes: Codes
    pins: Pins
    ledger: Ledger
    world: World
    erasures: Erasures


def open_desk(engine: Engine, keystore: Engine, sealer: Sealer, answers: Answers) -> Desk:
    """Everything over one database and the keystore beside it."""
    vault = Vault(keystore, sealer)
    return Desk(
        engine=engine,
        sealer=sealer,
        vault=vault,
        answers=answers,
        cases=Cases(engine, sealer, vault),
        roles=Roles(engine),
        codes=Codes(engine, sealer),
        pins=Pins(engine),
        ledger=Ledger(engine),
        world=World(engine, vault, keystore),
        erasures=Erasures(engine, vault),
    )
