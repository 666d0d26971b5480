"""How Telegram hands updates to a webhook: with the secret, in order within a queue, again and again until it is taken.

From the Bot API server's own source: one update under way in each queue (a chat's messages, a person's taps, a chat's
membership); after a failure at once, then after 2, 4, 8 ... seconds, at most a minute; a message is given up after 24
hours and a tap after 150 seconds. A failing update holds up its own queue only.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LONGEST_WAIT_S, ANSWER_WITHIN_S = 60.0, 60.0
KEPT_S, TAP_KEPT_S = 24 * 3600.0, 150.0


@dataclass
class Webhook:
    """What setWebhook said last; an empty `url` means none is set."""

    url: str = ""
    secret: str = ""
    allowed: tuple[str, ...] = ()
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0

    def problem(self) -> str:
        """Why Telegram would not take it, or an empty text. Plain http is taken for this machine only."""
        parts = urlsplit(self.url)
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if self.url and parts.scheme != "https" and not here:
            return "bad webhook: An HTTPS URL must be provided for webhook"
        if self.secret and not SECRET.fullmatch(self.secret):
            return "bad webhook: secret token contains illegal characters"
        if not 1 <= self.max_connections <= 100:
            return "bad webhook: max_connections must be between 1 and 100"
        return ""


@dataclass
class _Waiting:
    update: Mapping[str, Any]
    until: float
    taken: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Updates:
    """The queues towards one webhook."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._webhook = Webhook()
        self._set = asyncio.Event()
        self._queues: dict[str, asyncio.Queue[_Waiting]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        # Ids rise over restarts too: a repeated one would be taken for a repeated update.
        self._last_id = int(time.time() * 10)
        self.pending = 0

    @property
    def webhook(self) -> Webhook:
        """Where updates go."""
        return self._webhook

    def set(self, webhook: Webhook) -> None:
        """Changes where updates go; those that wait go there too."""
        self._webhook = webhook
        if webhook.url:
            self._set.set()
        else:
            self._set.clear()

    def put(self, queue: str, kind: str, body: Mapping[str, Any]) -> asyncio.Future[bool]:
        """One update, in order; to await: whether it was taken. Kinds that were not asked for are dropped."""
        self._last_id += 1
        kept = TAP_KEPT_S if kind == "callback_query" else KEPT_S
        waiting = _Waiting({"update_id": self._last_id, kind: body}, time.monotonic() + kept)
        if self._webhook.allowed and kind not in self._webhook.allowed:
            waiting.taken.set_result(False)
            return waiting.taken
        if queue not in self._queues:
            self._queues[queue] = asyncio.Queue()
            self._tasks.append(asyncio.create_task(self._deliver(self._queues[queue])))
        self._queues[queue].put_nowait(waiting)
        self.pending += 1
        return waiting.taken

    async def _deliver(self, queue: asyncio.Queue[_Waiting]) -> None:
        while True:
            waiting = await queue.get()
            taken = await self._until_taken(waiting)
            self.pending -= 1
            if not waiting.taken.done():
                waiting.taken.set_result(taken)

    async def _until_taken(self, waiting: _Waiting) -> bool:
        attempt = 0
        while time.monotonic() < waiting.until:
            await self._set.wait()
            error, wait = await self._try(waiting.update)
            if not error:
                return True
            self._webhook.last_error, self._webhook.last_error_at = error, int(time.time())
            backoff = min(LONGEST_WAIT_S, 2.0**attempt) if attempt else 0.0
            await asyncio.sleep(max(backoff, wait))
            attempt += 1
        return False

    async def _try(self, update: Mapping[str, Any]) -> tuple[str, float]:
        """An empty text when it was taken, else what getWebhookInfo will say; and how long the webhook asked to wait."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._webhook.secret} if self._webhook.secret else {}
        try:
            response = await self._client.post(self._webhook.url, json=update, headers=headers, timeout=ANSWER_WITHIN_S)
        except httpx.HTTPError as error:
            return f"Connection failed: {type(error).__name__}", 0.0
        if response.is_success:
            return "", 0.0
        asked = response.headers.get("retry-after", "")
        wait = min(float(asked), 3600.0) if asked.isdecimal() else 0.0
        return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}", wait

    async def close(self) -> None:
        """Stops delivering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
