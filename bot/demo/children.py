"""The demo's child processes: started, waited for until they are ready, started again when they die, stopped by their pid.

A child has a process group of its own, so that Ctrl-C reaches only the demo, which then ends its children in order. On
Linux a child also ends when the demo itself is killed outright.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

RESTARTS = 3
LINES_SHOWN = 6
STOP_WITHIN_S = 15.0
POLL_S = 0.4
SAY_EVERY_S = 10.0
FIRST_WAIT_S = 1.0
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """What to run; `ready` is an address that answers 200 once it is of use."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    ready: str
    log: Path


class ChildFailed(Exception):
    """A child could not be brought up; what happened was said already."""


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One program, kept running."""

    def __init__(self, program: Program, say: Callable[[str], None]) -> None:
        self.program, self._say = program, say
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.gave_up = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process that runs now, or ran last."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Starts it and whoever starts it again."""
        await self._launch(self._log(os.O_TRUNC))
        self._keeper = asyncio.create_task(self._keep())

    def _log(self, flag: int) -> BinaryIO:
        """The log, emptied or to be continued: what another run printed would be taken for this one's."""
        return open(os.open(self.program.log, os.O_WRONLY | os.O_CREAT | flag, 0o600), "wb")

    async def _launch(self, log: BinaryIO) -> None:
        program = self.program
        with log:
            self._process = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=program.folder,
                env=dict(program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    async def _keep(self) -> None:
        for restart in range(RESTARTS + 1):
            assert self._process is not None
            code = await self._process.wait()
            if self._stopping:
                return
            self._say(f"{self.program.name} stopped (exit code {code}); the end of {self.program.log}:")
            for line in self.tail():
                self._say(f"    {line}")
            if restart == RESTARTS:
                break
            self._say(f"starting {self.program.name} again ({restart + 1} of {RESTARTS})")
            await asyncio.sleep(FIRST_WAIT_S * 2.0**restart)
            await self._launch(self._log(os.O_APPEND))
        self._say(f"{self.program.name} does not stay up; it is not started again.")
        self.gave_up.set()

    def tail(self) -> list[str]:
        """The last lines it printed."""
        with suppress(OSError):
            return self.program.log.read_text("utf-8", "replace").rstrip().splitlines()[-LINES_SHOWN:]
        return []

    async def until_ready(self, client: httpx.AsyncClient, within_s: float, address: str = "") -> float:
        """Returns the seconds until `address` (else the program's own) answered 200; raises ChildFailed when it gave up."""
        started = told = time.monotonic()
        while not self.gave_up.is_set():
            with suppress(httpx.HTTPError):
                if (await client.get(address or self.program.ready, timeout=3.0)).status_code == 200:
                    return time.monotonic() - started
            now = time.monotonic()
            if now - started > within_s:
                self._say(f"{self.program.name} is not ready after {within_s:.0f} s; see {self.program.log}")
                break
            if now - told >= SAY_EVERY_S:
                told = now
                self._say(f"waiting for {self.program.name} ({now - started:.0f} s)")
            await asyncio.sleep(POLL_S)
        raise ChildFailed(self.program.name)

    async def stop(self) -> None:
        """Asks it to end, and ends it when it does not."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
