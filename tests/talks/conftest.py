"""Rasa with the trained model and the action server, started once; each talk is a new conversation on its own database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from bot.channels.base import ChannelName
from bot.demo.endpoints import endpoints_for
from bot.demo.training import MODEL, RASA, environment
from bot.gateway.rasa import Rasa
from bot.i18n.answers import Answers
from bot.settings import ROOT
from bot.store.db import connect, migrate
from bot.store.seal import Sealer
from tests.conftest import Clock
from tests.talk import Talk, load_answers

TOKEN = "a token for talks only"
START_LIMIT_S = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def answers() -> Answers:
    return load_answers()


@pytest.fixture(scope="session")
def rasa_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ready Rasa; a missing model fails the tests, it does not skip them."""
    assert MODEL.exists(), "there is no trained model: run `make train`"
    folder: Path = tmp_path_factory.mktemp("rasa")
    rasa, actions = free_port(), free_port()
    env = {
        **environment(),
        "HEARTH_RASA_TOKEN": TOKEN,
        "HEARTH_RASA_TRACKER": f"sqlite:///{folder / 'rasa.db'}",
        "HEARTH_ACTIONS_URL": f"http://127.0.0.1:{actions}",
        "SANIC_HOST": "127.0.0.1",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }
    server = [str(RASA), "-m", "rasa", "run", "--enable-api", "--auth-token", TOKEN, "-i", "127.0.0.1", "-p", str(rasa)]
    endpoints = endpoints_for(folder, f"http://127.0.0.1:{actions}")
    server += ["--endpoints", str(endpoints), "--model", str(MODEL)]
    commands = [server, [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "-p", str(actions)]]
    with (folder / "output").open("wb") as output:
        processes = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output) for command in commands]
    try:
        limit = time.monotonic() + START_LIMIT_S
        while not (_answers(f"http://127.0.0.1:{rasa}/webhooks/hearth/ready") and _answers(f"http://127.0.0.1:{actions}/health")):
            if time.monotonic() > limit or any(process.poll() is not None for process in processes):
                pytest.fail(f"Rasa did not start:\n{(folder / 'output').read_text('utf-8')[-3000:]}")
            time.sleep(0.3)
        yield f"http://127.0.0.1:{rasa}"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
async def rasa(rasa_url: str) -> AsyncIterator[Rasa]:
    client = Rasa(rasa_url, TOKEN)
    yield client
    await client.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'hearth.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def start(sqlite: Engine, sealer: Sealer, clock: Clock, answers: Answers, rasa: Rasa) -> Callable[[ChannelName], Talk]:
    """Begins a talk on a channel, with the real Rasa behind it."""
    return lambda channel: Talk(sqlite, sealer, clock, channel, answers, rasa)
