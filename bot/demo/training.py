"""Trains Rasa when what it learns from changed, and says what it is doing meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import yaml

from bot.settings import ROOT

MODEL = ROOT / "models" / "hearth.tar.gz"
STAMP = ROOT / "models" / "hearth.stamp"
RASA = ROOT / ".venv-rasa" / "bin" / "python"


def fingerprint() -> str:
    """A digest of everything the model is made from. The answers' words are not: they are read when they are said."""
    digest = hashlib.sha256()
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    names = sorted(domain.pop("responses"))
    digest.update(repr((sorted(domain.items()), names)).encode())
    folders = [ROOT / "data" / name for name in ("nlu", "rules", "stories", "lookups")]
    files = [path for folder in folders for path in sorted(folder.rglob("*.yml"))]
    code = [path for path in sorted((ROOT / "bot" / "brain").glob("*.py")) if path.name not in ("evaluate.py", "channel.py")]
    for path in [ROOT / "config.yml", ROOT / "requirements" / "rasa.txt", *files, *code]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """The environment of every Rasa process: no telemetry, one thread a sentence."""
    return {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def train_if_changed(force: bool = False) -> bool:
    """True when a model of the present data is there at the end; prints progress."""
    wanted = fingerprint()
    if not force and MODEL.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return True
    print("hearth: training what the assistant understands (several minutes, only when its data changed) ...", flush=True)
    MODEL.parent.mkdir(exist_ok=True)
    command = [str(RASA), "-m", "rasa", "train", "--fixed-model-name", MODEL.stem.removesuffix(".tar"), "--out", str(MODEL.parent)]
    done = subprocess.run([*command, "--augmentation", "0", "--quiet"], cwd=ROOT, env=environment(), check=False)
    if done.returncode or not MODEL.exists():
        print("hearth: training failed; the messages above say why.", flush=True)
        return False
    STAMP.write_text(wanted)
    return True


def model_path() -> Path:
    """Where the trained model lies."""
    return MODEL
