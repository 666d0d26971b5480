"""Starts what is measured: our own processes, or stock Rasa, each against a Twilio that only takes notes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import stock
from bot.demo.endpoints import endpoints_for
from bot.demo.training import MODEL, RASA, environment
from bot.settings import ROOT

APP = ROOT / ".venv" / "bin"
FOLDER = ROOT / "var" / "bench"
START_LIMIT_S = 180.0
RASA_TOKEN = "a token for the bench only"
PUBLIC = "https://bench.example.org"
SID, TOKEN, SENDER = stock.SID, stock.TOKEN, "whatsapp:+15557654321"


@dataclass
class Stack:
    """A running system: where its webhook is and which processes it is made of."""

    name: str
    webhook: str
    sign_url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: float = 0.0

    def memory_mb(self) -> dict[str, float]:
        """Proportional memory of each process and its children, in MB."""
        return {name: sum(_pss(pid) for pid in _family(process.pid)) / 1024 for name, process in self.processes.items()}


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grandchild for child in children for grandchild in _family(int(child)))]


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(name: str, command: list[str], env: dict[str, str], cwd: Path = ROOT) -> subprocess.Popen[bytes]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = (FOLDER / f"{name}.log").open("wb")
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=subprocess.STDOUT)


def _wait(url: str, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        for name, process in processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: see {FOLDER / name}.log")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{url} did not answer in {START_LIMIT_S:.0f} s")


@contextlib.contextmanager
def _stopping(stack: Stack) -> Iterator[Stack]:
    try:
        yield stack
    finally:
        for process in stack.processes.values():
            process.terminate()
        for process in stack.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


@contextlib.contextmanager
def ours(twilio: str) -> Iterator[Stack]:
    """Gateway, Rasa and action server on free ports, with a new SQLite database."""
    rasa, actions, gateway = free_port(), free_port(), free_port()
    database = FOLDER / "bench.db"
    for path in [*FOLDER.glob("bench.db*"), *FOLDER.glob("keys.db*")]:
        path.unlink()
    env = {
        **environment(),
        "HEARTH_DATABASE_URL": f"sqlite:///{database}",
        "HEARTH_KEYSTORE_URL": f"sqlite:///{FOLDER / 'keys.db'}",
        "HEARTH_SPOOL_DIR": str(FOLDER / "spool"),
        "HEARTH_PUBLIC_URL": PUBLIC,
        "HEARTH_SECRET_KEYS": "b" * 40,
        "HEARTH_RASA_URL": f"http://127.0.0.1:{rasa}",
        "HEARTH_RASA_TOKEN": RASA_TOKEN,
        "HEARTH_RASA_TRACKER": f"sqlite:///{FOLDER / 'rasa.db'}",
        "HEARTH_ACTIONS_URL": f"http://127.0.0.1:{actions}",
        "SANIC_HOST": "127.0.0.1",
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SMS_FROM": "",
        "TWILIO_WHATSAPP_FROM": SENDER,
        "TWILIO_API_BASE": twilio,
        "TELEGRAM_BOT_TOKEN": "",
        "TELEGRAM_WEBHOOK_SECRET": "",
    }
    for path in FOLDER.glob("rasa.db*"):
        path.unlink()
    subprocess.run([str(APP / "hearth"), "migrate"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    endpoints = endpoints_for(FOLDER, f"http://127.0.0.1:{actions}")
    started = time.monotonic()
    server = [str(RASA), "-m", "rasa", "run", "--enable-api", "--auth-token", RASA_TOKEN, "-i", "127.0.0.1", "-p", str(rasa)]
    with _stopping(Stack("hearth", f"http://127.0.0.1:{gateway}/webhooks/twilio", f"{PUBLIC}/webhooks/twilio")) as stack:
        stack.started = started
        stack.processes["rasa"] = _start("rasa", [*server, "--endpoints", str(endpoints), "--model", str(MODEL)], env)
        stack.processes["actions"] = _start(
            "actions", [str(APP / "python"), "-m", "rasa_sdk", "--actions", "actions", "-p", str(actions)], env
        )
        stack.processes["gateway"] = _start("gateway", [str(APP / "hearth"), "serve", "--port", str(gateway)], env)
        _wait(f"http://127.0.0.1:{gateway}/readyz", stack.processes)
        yield stack


@contextlib.contextmanager
def stock_rasa(twilio: str) -> Iterator[Stack]:
    """Stock Rasa with its own Twilio channel, its in-memory tracker and lock."""
    port = free_port()
    env = {**environment(), "PYTHONPATH": str(stock.FOLDER), "BENCH_TWILIO_BASE": twilio}
    started = time.monotonic()
    command = [str(RASA), "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", str(stock.MODEL)]
    webhook = f"http://127.0.0.1:{port}/webhooks/twilio/webhook"
    with _stopping(Stack("stock Rasa", webhook, webhook)) as stack:
        stack.started = started
        stack.processes["rasa"] = _start("stock", command, env, stock.FOLDER)
        _wait(f"http://127.0.0.1:{port}/webhooks/twilio/", stack.processes)
        yield stack
