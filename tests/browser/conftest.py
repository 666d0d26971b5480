"""A running demo and a browser, one each for all tests; every test has a page, and so three phones, of its own.

With HEARTH_STACK=1, or where a trained model is at hand, Rasa and the action server run too; else a stand-in answers in
their place. The browser is the system's Chromium (HEARTH_CHROMIUM names another); without one the tests skip, loudly.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from bot.demo.training import MODEL
from bot.settings import ROOT
from tests.browser.phones import Phones

REAL = os.environ.get("HEARTH_STACK") == "1" or (MODEL.exists() and os.environ.get("HEARTH_STACK") != "0")
UP_WITHIN_S = 240.0 if REAL else 60.0
DOWN_WITHIN_S = 40.0
_codes: list[str] = []


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the phones page of a running demo."""
    folder: Path = tmp_path_factory.mktemp("demo")
    page, gateway, rasa, actions = free_ports(4)
    ports = f"page={page},gateway={gateway},rasa={rasa},actions={actions if REAL else rasa}"
    command = [sys.executable, "-m", "tests.browser.stack", *(["--rasa"] if REAL else [])]
    environ = {**os.environ, "HEARTH_DEMO_PORTS": ports, "HEARTH_DEMO_DIR": str(folder / "demo")}
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=file, stderr=file)
    try:
        started = time.monotonic()
        while "Hearth is ready." not in output.read_text("utf-8"):
            if process.poll() is not None or time.monotonic() - started > UP_WITHIN_S:
                pytest.fail(f"the demo did not come up:\n{output.read_text('utf-8')}")
            time.sleep(0.2)
        _codes.extend(re.findall(r"\b\w{4}-\w{4}\b(?= there)", output.read_text("utf-8")))
        yield f"http://127.0.0.1:{page}/"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(DOWN_WITHIN_S)


@pytest.fixture
def sample_code(stack: str) -> str:
    """The demo's one-time code for its sample case; it can be used by one test only."""
    return _codes.pop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    found = os.environ.get("HEARTH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("NO CHROMIUM: the phones page is not tested (Debian: apt-get install chromium; or set HEARTH_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own; anything it complains about in the browser's console fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", timezone_id="UTC")
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def phones(page: Page, stack: str) -> Phones:
    """Three fresh phones, in English."""
    page.goto(f"{stack}?lang=en")
    return Phones(page)
