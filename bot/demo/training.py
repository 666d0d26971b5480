"""Trains Rasa when what it learns from changed, and says what it is doing meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time

import yaml

from bot.settings import ROOT

MODEL = ROOT / "models" / "hearth.tar.gz"
STAMP = ROOT / "models" / "hearth.stamp"
SAY_EVERY_S = 30.0
#: Modules of bot/brain that no model is made by.
NOT_LEARNT = ("channel", "evaluate", "network", "responses", "scores", "tracker_store", "tune", "turn")
RASA = ROOT / ".venv-rasa" / "bin" / "python"


def fingerprint() -> str:
    """A digest of everything the model is made from. The answers' words are not: they are read when they are said."""
    digest = hashlib.sha256()
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    names = sorted(domain.pop("responses"))
    digest.update(repr((sorted(domain.items()), names)).encode())
    folders = [ROOT / "data" / name for name in ("nlu", "rules", "stories", "lookups")]
    files = [path for folder in folders for path in sorted(folder.rglob("*.yml"))]
    code = [path for path in sorted((ROOT / "bot" / "brain").glob("*.py")) if path.stem not in NOT_LEARNT]
    encoder = sorted((ROOT / "data" / "encoder").glob("*"))
    for path in [ROOT / "config.yml", ROOT / "requirements" / "rasa.txt", *encoder, *files, *code]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """The environment of every Rasa process: no telemetry, one thread a sentence."""
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    return {**os.environ, "OMP_NUM_THREADS": "1", **quiet}


def train_if_changed(force: bool = False) -> bool:
    """True when a model of the present data is there at the end; prints progress."""
    wanted = fingerprint()
    if not force and MODEL.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return True
    print("hearth: training what the assistant understands (several minutes, only when its data changed) ...", flush=True)
    MODEL.parent.mkdir(exist_ok=True)
    command = [str(RASA), "-m", "rasa", "train", "--fixed-model-name", MODEL.stem.removesuffix(".tar"), "--out", str(MODEL.parent)]
    if _finished([*command, "--augmentation", "0", "--quiet"]) or not MODEL.exists():
        print("hearth: training failed; the messages above say why.", flush=True)
        return False
    STAMP.write_text(wanted)
    return True


def _finished(command: list[str]) -> int:
    """Runs the training and says every so often that it still runs; its exit code."""
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment()) as process:
        while True:
            try:
                return process.wait(SAY_EVERY_S)
            except subprocess.TimeoutExpired:
                minutes, seconds = divmod(round(time.monotonic() - started), 60)
                print(f"hearth: still training ({minutes} min {seconds:02} s)", flush=True)
