"""The peers, one of each for all tests. Where they cannot run, the tests are skipped with one loud line."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from bot.i18n.answers import Answers
from tests.peers.bot_api import BotApi
from tests.peers.description import patched
from tests.peers.emulate import Emulate, seed
from tests.peers.installation import Installation, Missing, install, java
from tests.peers.programs import HOST, free_port, running
from tests.peers.wiremock import WireMock
from tests.talk import load_answers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """All tests that lack the same thing are skipped at the same place, and so in one line of the summary."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and "NO " in report.longrepr[2]:
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report


@pytest.fixture(scope="session")
def peers() -> Installation:
    """The installed peers."""
    try:
        return install()
    except Missing as missing:
        pytest.skip(f"NO PROTOCOL PEERS, nothing is tested against them: {missing}")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the peers write their logs."""
    return tmp_path_factory.mktemp("peers")


@pytest.fixture(scope="session")
def emulate(peers: Installation, place: Path) -> Iterator[Emulate]:
    """A stateful Twilio."""
    port, program = free_port(), str(peers.modules / "emulate" / "dist" / "index.js")
    options = ["start", "--service", "twilio", "--host", HOST, "--port", str(port), "--seed", str(seed(place / "twilio.yaml"))]
    with running("emulate", [peers.node, program, *options], port, place) as url:
        twilio = Emulate(url)
        yield twilio
        twilio.close()


@pytest.fixture(scope="session")
def checked_twilio(peers: Installation, emulate: Emulate, place: Path) -> Iterator[str]:
    """The address of Prism before that Twilio: requests and answers must be as Twilio describes them."""
    source = patched(peers.descriptions / "twilio_api_v2010.json", place / "api.json")
    port = free_port()
    with running("prism-proxy", [*_prism(peers, "proxy", port), str(source), emulate.url], port, place) as url:
        yield url


@pytest.fixture(scope="session")
def content_api(peers: Installation, place: Path) -> Iterator[str]:
    """The address of Prism in the place of Twilio's Content API."""
    port = free_port()
    source = str(peers.descriptions / "twilio_content_v1.json")
    with running("prism-content", [*_prism(peers, "mock", port), source], port, place) as url:
        yield url


def _prism(peers: Installation, mode: str, port: int) -> list[str]:
    program = str(peers.modules / "@stoplight" / "prism-cli" / "dist" / "index.js")
    return [peers.node, program, mode, "-h", HOST, "-p", str(port), "--errors", "--multiprocess", "false"]


@pytest.fixture(scope="session")
def wiremock_program(peers: Installation, place: Path) -> Iterator[WireMock]:
    """WireMock, for `wiremock`."""
    try:
        command = java()
    except Missing as missing:
        pytest.skip(f"NO WIREMOCK, nothing is tested against broken providers: {missing}")
    port, folder = free_port(), place / "wiremock"
    folder.mkdir()
    options = ["--port", str(port), "--bind-address", HOST, "--root-dir", str(folder), "--disable-banner"]
    with running("wiremock", [command, "-Xmx384m", "-jar", peers.wiremock, *options], port, place) as url:
        made = WireMock(url)
        yield made
        made.close()


@pytest.fixture
def wiremock(wiremock_program: WireMock) -> WireMock:
    """WireMock without rules."""
    wiremock_program.reset()
    return wiremock_program


@pytest.fixture(scope="session")
def bot_api(peers: Installation, place: Path) -> Iterator[BotApi]:
    """A Telegram server."""
    port, journal = free_port(), place / "bot-api.jsonl"
    options = ["--host", HOST, "--port", str(port), "--enable-control", "--allow-insecure-loopback-webhooks"]
    with running("bot-api", [peers.telegram, *options, "--journal", str(journal)], port, place) as url:
        server = BotApi(url, journal, peers.telegram)
        yield server
        server.close()


@pytest.fixture(scope="session")
def answers() -> Answers:
    """The project's own texts."""
    return load_answers()
