"""Programs that run beside a test: on a free loopback port, waited for, stopped by their own process id.

Applications of ours run in a thread of the test's process; the peers are processes of their own.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn

HOST = "127.0.0.1"
NOBODY = f"http://{HOST}:9"  # the discard port: nobody listens there
UP_WITHIN_S, DOWN_WITHIN_S = 90.0, 10.0


def bound() -> socket.socket:
    """A socket on a free loopback port."""
    made = socket.socket()
    made.bind((HOST, 0))
    return made


def free_port() -> int:
    """A port nobody listens on now."""
    with bound() as made:
        return int(made.getsockname()[1])


def address(made: socket.socket) -> str:
    """The web address of a bound socket."""
    return f"http://{HOST}:{made.getsockname()[1]}"


def eventually(holds: Callable[[], Any], within_s: float = 20.0, every_s: float = 0.05) -> Any:
    """What `holds` returns as soon as that is true; fails the test when it never is."""
    end = time.monotonic() + within_s
    while True:
        if value := holds():
            return value
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(every_s)


@contextmanager
def running(name: str, command: Sequence[str], port: int, folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """A peer that listens on `port`, until the end of the block; its address."""
    output = folder / f"{name}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(list(command), cwd=folder, env=environ, stdout=file, stderr=subprocess.STDOUT)
    url = f"http://{HOST}:{port}"
    try:
        started = time.monotonic()
        while not _answers(url):
            if process.poll() is not None or time.monotonic() - started > UP_WITHIN_S:
                raise RuntimeError(f"{name} did not come up:\n{output.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(DOWN_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=2)
    except httpx.HTTPError:
        return False
    return True


@contextmanager
def served(app: Any, made: socket.socket | None = None) -> Iterator[str]:
    """An ASGI application in a thread, over real HTTP, until the end of the block; its address."""
    made = made or bound()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    thread = Thread(target=server.run, kwargs={"sockets": [made]}, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive())
        assert server.started, "the application did not start"
        yield address(made)
    finally:
        server.should_exit = True
        thread.join(DOWN_WITHIN_S)


@contextmanager
def deaf() -> Iterator[str]:
    """The address of somebody who listens but never takes a connection up."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind((HOST, 0))
        listening.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://{HOST}:{listening.getsockname()[1]}"
