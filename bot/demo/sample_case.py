"""An invented case for the demo, so that "where is my case?" can be tried; a new code for it at each start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from bot.cases.files import Cases
from bot.cases.importer import import_csv
from bot.consent.codes import Codes
from bot.demo.environment import Environment
from bot.settings import ROOT
from bot.store.db import connect
from bot.store.seal import Sealer
from bot.store.vault import Vault

CASE, PERSON, BY = "DEMO-1001", "P-1", "dana"


def sample_code(engine: Engine, ours: Environment, now: datetime) -> str:
    """Brings data/demo/cases.csv in where it is not there yet, and gives a one-time code for its principal."""
    sealer = Sealer([ours.secrets.secret_key])
    keystore = connect(ours.settings()["HEARTH_KEYSTORE_URL"])
    cases = Cases(engine, sealer, Vault(keystore, sealer))
    if cases.find(CASE) is None:
        import_csv(ROOT / "data" / "demo" / "cases.csv", cases, False, BY, now)
    code = Codes(engine, sealer).issue(CASE, PERSON, BY, now)
    keystore.dispose()
    return code
