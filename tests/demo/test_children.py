"""Child processes: brought up, brought back, given up on, and ended by their own pid."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from bot.demo import children
from bot.demo.children import Child, ChildFailed, Program

SERVER = "import http.server, sys; print('serving', flush=True); http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), \
http.server.SimpleHTTPRequestHandler).serve_forever()"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "POLL_S", 0.05)
    monkeypatch.setattr(children, "STOP_WITHIN_S", 1.0)
    monkeypatch.setattr(children, "FIRST_WAIT_S", 0.01)


def port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def program(tmp_path: Path, code: str, at: int = 1) -> Program:
    command = (sys.executable, "-c", code, str(at))
    return Program("the part", command, dict(os.environ), tmp_path, f"http://127.0.0.1:{at}/", tmp_path / "part.log")


def run(child: Child, use: Callable[[Child, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with httpx.AsyncClient() as client:
            await child.start()
            try:
                await use(child, client)
            finally:
                await child.stop()

    asyncio.run(asyncio.wait_for(all_of_it(), 30))


async def until(holds: Callable[[], object]) -> None:
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_is_waited_for_and_stopped_with_nothing_said(tmp_path: Path) -> None:
    said: list[str] = []

    async def use(child: Child, client: httpx.AsyncClient) -> None:
        await child.until_ready(client, 20)
        assert child.pid
        pids.append(child.pid)

    pids: list[int] = []
    run(Child(program(tmp_path, SERVER, port()), said.append), use)
    assert said == []
    assert not alive(pids[0])
    assert oct((tmp_path / "part.log").stat().st_mode)[-3:] == "600"


def test_a_child_that_was_killed_comes_back(tmp_path: Path) -> None:
    said: list[str] = []

    async def use(child: Child, client: httpx.AsyncClient) -> None:
        await child.until_ready(client, 20)
        first = child.pid
        assert first
        os.kill(first, 9)
        await until(lambda: child.pid != first)
        await child.until_ready(client, 20)

    run(Child(program(tmp_path, SERVER, port()), said.append), use)
    assert "the part stopped (exit code -9)" in said[0]
    assert said[-1] == "starting the part again (1 of 3)"


def test_a_child_that_dies_four_times_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    said: list[str] = []

    async def use(child: Child, client: httpx.AsyncClient) -> None:
        with pytest.raises(ChildFailed):
            await child.until_ready(client, 20)

    run(Child(program(tmp_path, "print('no model'); raise SystemExit(3)"), said.append), use)
    assert sum("exit code 3" in line for line in said) == 4
    assert sum("again" in line and "of 3" in line for line in said) == 3
    assert "    no model" in said
    assert said[-1] == "the part does not stay up; it is not started again."


def test_a_child_that_is_never_ready_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    async def use(child: Child, client: httpx.AsyncClient) -> None:
        with pytest.raises(ChildFailed):
            await child.until_ready(client, 0.3)

    run(Child(program(tmp_path, "import time; time.sleep(60)", port()), said.append), use)
    assert "is not ready after" in said[-1]


def test_a_child_that_does_not_listen_is_ended(tmp_path: Path) -> None:
    async def use(child: Child, client: httpx.AsyncClient) -> None:
        await until(child.tail)
        assert child.pid
        pids.append(child.pid)

    pids: list[int] = []
    run(Child(program(tmp_path, STUBBORN), print), use)
    assert not alive(pids[0])
