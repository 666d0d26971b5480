"""`hearth demo`: the whole service on this machine, with phones to try it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import sys
from collections.abc import Sequence

import httpx
import uvicorn

from bot.channels.setup import set_webhooks
from bot.console.people import add, everyone
from bot.demo.children import Child, ChildFailed, Program
from bot.demo.endpoints import endpoints_for
from bot.demo.environment import HOST, SMS_FROM, STAFF, WHATSAPP_FROM, Environment, prepare
from bot.demo.page import Accounts, Login, application
from bot.demo.sample_case import sample_code
from bot.demo.training import MODEL, RASA, environment, train_if_changed
from bot.demo.words import Words
from bot.gateway.services import utc_now
from bot.settings import ROOT, Settings, SettingsError
from bot.store.db import connect, migrate

READY_WITHIN_S = 300.0


def say(line: str) -> None:
    """One line of progress."""
    print(f"hearth: {line}", flush=True)


def run(port: int) -> None:
    """Runs until Ctrl-C; raises SettingsError for what must be mended first, SystemExit(1) when a part does not come up."""
    ours = prepare(os.environ, port)
    if not RASA.exists():
        raise SettingsError("Rasa's environment is missing: run `make setup` first.")
    if not train_if_changed():
        raise SystemExit(1)
    raise SystemExit(asyncio.run(Demo(ours, programs(ours)).run()))


def programs(ours: Environment) -> list[Program]:
    """Action server and Rasa, with the ports and secrets of the demo."""
    rasa_url, variables = f"http://{HOST}:{ours.ports.rasa}", ours.of_children()
    rasa: tuple[str, ...] = (str(RASA), "-m", "rasa", "run", "--enable-api", "--auth-token", ours.secrets.rasa_token)
    rasa += ("--interface", HOST, "--port", str(ours.ports.rasa), "--model", str(MODEL))
    rasa += (
        "--credentials",
        str(ROOT / "credentials.yml"),
        "--endpoints",
        str(endpoints_for(ours.folder, f"http://{HOST}:{ours.ports.actions}")),
    )
    actions = (sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(ours.ports.actions))
    return [
        Program(
            "the action server", actions, {**variables, "SANIC_HOST": HOST}, ROOT,
            f"http://{HOST}:{ours.ports.actions}/health", ours.folder / "actions.log",
        ),
        Program(
            "Rasa", rasa, {**environment(), **variables}, ROOT,
            f"{rasa_url}/webhooks/hearth/ready", ours.folder / "rasa.log",
        ),
    ]  # fmt: skip


def gateway(ours: Environment) -> Program:
    """The gateway with its workers."""
    command = (sys.executable, "-m", "bot.cli", "serve", "--host", HOST, "--port", str(ours.ports.gateway))
    log = ours.folder / "gateway.log"
    return Program("the gateway", command, ours.of_children(), ROOT, f"{ours.gateway_url}/healthz", log)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the demo stops everything in order."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


class Demo:
    """The running demo: the page in this process; the gateway and `others`, what it talks to, beside it."""

    def __init__(self, ours: Environment, others: Sequence[Program]) -> None:
        self._ours = ours
        self._gateway = Child(gateway(ours), say)
        self._children = [self._gateway, *(Child(program, say) for program in others)]
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """The exit code: 0 when it was asked to stop, 1 when a part did not come up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        words = Words.load(ROOT / "data" / "demo")
        self._prepare_database()
        page = _Server(self._page(words))
        serving = asyncio.create_task(page.serve())
        stopping = asyncio.create_task(self._stop.wait())
        coming_up = asyncio.create_task(self._bring_up())
        try:
            await asyncio.wait({stopping, coming_up, serving}, return_when=asyncio.FIRST_COMPLETED)
            if coming_up.done():
                coming_up.result()
                self._tell(words)
            await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
            return 0 if stopping.done() else 1
        except ChildFailed:
            return 1
        finally:
            say("stopping ...")
            coming_up.cancel()
            await asyncio.gather(coming_up, *(child.stop() for child in self._children), return_exceptions=True)
            page.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)
            stopping.cancel()

    def _prepare_database(self) -> None:
        logging.getLogger("alembic").setLevel(logging.WARNING)
        engine = connect(self._ours.settings()["HEARTH_DATABASE_URL"])
        migrate(engine)
        if STAFF not in [name for name, _, _ in everyone(engine)]:
            add(engine, STAFF, self._ours.secrets.staff_password, "caseworker", utc_now())
        self._code = sample_code(engine, self._ours, utc_now())
        engine.dispose()

    def _page(self, words: Words) -> uvicorn.Config:
        kept = self._ours.secrets
        accounts = Accounts(kept.twilio_sid, kept.twilio_token, SMS_FROM, WHATSAPP_FROM, kept.telegram_token)
        app = application(self._ours.gateway_url, accounts, self._login(), words, utc_now, random.Random())
        return uvicorn.Config(
            app, host=HOST, port=self._ours.ports.page, log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )

    def _login(self) -> Login:
        return Login(f"{self._ours.gateway_url}/console/", STAFF, self._ours.secrets.staff_password)

    async def _bring_up(self) -> None:
        """Starts all parts at once and returns when the gateway says that everything is ready; raises ChildFailed."""
        say(f"starting (logs: {self._ours.folder}/*.log)")
        async with httpx.AsyncClient() as client:
            for child in self._children:
                await child.start()
            await asyncio.gather(*(self._one(child, client) for child in self._children))
            await self._gateway.until_ready(client, READY_WITHIN_S, f"{self._ours.gateway_url}/readyz")
        settings = Settings(_env_file=None, **self._ours.settings())  # type: ignore[arg-type]
        await asyncio.to_thread(set_webhooks, settings)

    async def _one(self, child: Child, client: httpx.AsyncClient) -> None:
        seconds = await child.until_ready(client, READY_WITHIN_S)
        say(f"{child.program.name} is up ({seconds:.0f} s)")

    def _tell(self, words: Words) -> None:
        login = self._login()
        print(
            f"\nHearth is ready.\n\n"
            f"  Phones    {self._ours.page_url}/\n"
            f"  Console   {login.url}\n"
            f"            name: {login.name}   password: {login.password}\n"
            f'  Try       write on any phone: "{words.script["en"][0]}"\n'
            f"            or send {self._code} there: it links that chat to a sample case\n\n"
            f"Ctrl-C stops everything.\n",
            flush=True,
        )
