"""The named peer: stock Rasa 3.6 as `rasa init` makes it, on the same training lines, with its own Twilio channel.

The configuration is the default one of `rasa init` (Rasa's suggested pipeline and policies, written out by
`rasa train` itself); only the language's lines, the 50 intents and one answer an intent are ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import Any

import yaml

from bot.demo.training import RASA, environment
from bot.settings import ROOT

FOLDER = ROOT / "var" / "bench" / "stock"
MODEL = FOLDER / "models" / "stock.tar.gz"
EPOCHS = int(os.environ.get("HEARTH_BENCH_STOCK_EPOCHS", "100"))
SID, TOKEN, NUMBER = "AC" + "0" * 32, "bench", "+15551234567"

#: Run in every stock process: sends Twilio's client to the stand-in, which its own channel has no setting for.
_REDIRECT = """import os
from twilio.rest.api import Api
_old = Api.__init__
def _new(self, *args, **kwargs):
    _old(self, *args, **kwargs)
    self.base_url = os.environ["BENCH_TWILIO_BASE"]
Api.__init__ = _new
"""


def prepare() -> None:
    """Writes the project: data, domain, rules, credentials."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(FOLDER / "data", ignore_errors=True)
    shutil.copytree(ROOT / "data" / "nlu", FOLDER / "data" / "nlu")
    domain: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    intents = [name for entry in domain["intents"] for name in ([entry] if isinstance(entry, str) else entry)]
    intents = [name for name in intents if name not in ("inform", "more", "learn_more")]
    responses = {f"utter_{name}": [{"text": domain["responses"][f"utter_{name}"][0]["text"]}] for name in intents}
    rules = [{"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]} for name in intents]
    session = {"session_expiration_time": 60, "carry_over_slots_to_new_session": True}
    _write("domain.yml", {"version": "3.1", "intents": intents, "responses": responses, "session_config": session})
    _write("data/rules.yml", {"version": "3.1", "rules": rules})
    _write("config.yml", {"recipe": "default.v1", "assistant_id": "stock", "language": "en", **_pipeline()})
    _write("credentials.yml", {"twilio": {"account_sid": SID, "auth_token": TOKEN, "twilio_number": NUMBER}, "rest": None})
    (FOLDER / "sitecustomize.py").write_text(_REDIRECT)


def _pipeline() -> dict[str, Any]:
    """Nothing, so that Rasa writes its own default; or that default with fewer epochs, for a machine with little time.

    Fewer epochs make a worse reader but the same network: how fast a turn is does not depend on them.
    """
    if EPOCHS == 100:
        return {"pipeline": None, "policies": None}
    learning = {"epochs": EPOCHS, "constrain_similarities": True}
    return {
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", **learning},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", **learning},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": EPOCHS},
            {"name": "TEDPolicy", "max_history": 5, **learning},
        ],
    }


def _write(name: str, value: dict[str, Any]) -> None:
    (FOLDER / name).write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), "utf-8")


def train() -> float | None:
    """Trains unless a model of these lines is there; returns the seconds it took, or None when it was there."""
    stamp, wanted = FOLDER / "stamp", str(sum(path.stat().st_size for path in (ROOT / "data" / "nlu").rglob("*.yml")))
    if MODEL.exists() and stamp.exists() and stamp.read_text() == wanted:
        return None
    prepare()
    started = time.monotonic()
    command = [str(RASA), "-m", "rasa", "train", "--fixed-model-name", "stock", "--quiet"]
    subprocess.run(command, cwd=FOLDER, env=environment(), check=True)
    stamp.write_text(wanted)
    seconds = time.monotonic() - started
    (FOLDER / "seconds").write_text(str(seconds))
    return seconds


if __name__ == "__main__":
    print(train())
