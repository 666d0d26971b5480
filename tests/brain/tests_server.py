"""Runs Rasa's HTTP application with our channel on a free port, and a real action server beside it."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sanic import Sanic

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-the-tests-only"
APP_PYTHON = ROOT / ".venv" / "bin" / "python"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: Any = None, token: str | None = TOKEN) -> tuple[int, dict[str, Any]]:
    """Status and JSON; GET without a body. `body` may be bytes."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        return problem.code, json.loads(problem.read() or b"{}")


@functools.lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """A loop in a thread of its own, for the server."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def on_the_loop(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(60)


class Door:
    """The one server of the tests (Sanic allows one a process), over an agent that `over` changes for a while."""

    def __init__(self) -> None:
        from rasa.core.channels.channel import register

        from bot.brain.channel import HearthInput

        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhooks/hearth"
        self._channel = HearthInput(TOKEN)
        self._app = Sanic("door", configure_logging=False)
        self._app.ctx.agent = None
        register([self._channel], self._app, route="/webhooks/")
        self._app.ctx.agent = None
        on_the_loop(self._start())

    @contextmanager
    def over(self, agent: Any, seconds: float = 12.0) -> Iterator[Door]:
        before = self._app.ctx.agent, self._channel._seconds
        self._app.ctx.agent, self._channel._seconds = agent, seconds
        try:
            yield self
        finally:
            self._app.ctx.agent, self._channel._seconds = before

    async def _start(self) -> None:
        server = await self._app.create_server("127.0.0.1", self.port, return_asyncio_server=True)
        await server.startup()
        await server.start_serving()

    def say(self, text: str, sender: str = "c1", message_id: str | None = None, **metadata: Any) -> tuple[int, dict[str, Any]]:
        """One message, as the gateway sends it."""
        body = {
            "sender": sender,
            "text": text,
            "message_id": message_id or f"{time.monotonic_ns()}",
            "metadata": {"locale": "en", "channel": "telegram", "country": None, "payload": text.startswith("/"), **metadata},
        }
        return ask(f"{self.url}/webhook", body)


class ActionServer:
    """The project's action server, as it runs in service, in the application's environment."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhook"

    def __enter__(self) -> ActionServer:
        command = [str(APP_PYTHON), "-m", "rasa_sdk", "--actions", "actions", "--port", str(self.port)]
        environment = {**os.environ, "SANIC_HOST": "127.0.0.1", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2):
                    return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the action server did not come up")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
