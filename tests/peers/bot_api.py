"""`lo-bot-api-emulator`, a Telegram server: it takes our messages by Telegram's rules and delivers updates to our webhook."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.peers.gateway import BOT_TOKEN


class BotApi:
    """One running server. `journal` is its own record of the calls it saw."""

    messages = itertools.count(1)

    def __init__(self, url: str, journal: Path, program: str) -> None:
        self.url, self.journal, self._program = url, journal, program
        self._http = httpx.Client(base_url=url, timeout=30)

    def close(self) -> None:
        """Ends the connection to it; the program is stopped by who started it."""
        self._http.close()

    def _fixture(self, what: str, **body: Any) -> Any:
        answer = self._http.post(f"/__fixture/{what}", json={"token": BOT_TOKEN, **body})
        answer.raise_for_status()
        return answer.json()["result"]

    def writes(self, person: int, text: str, language: str = "en") -> int:
        """Somebody writes to the bot; the update's id. It is delivered at once, behind what still waits."""
        who = {"id": person, "is_bot": False, "first_name": "Ana", "language_code": language}
        chat = {"id": person, "type": "private", "first_name": "Ana"}
        message = {"message_id": next(self.messages), "from": who, "chat": chat, "date": 1790000000, "text": text}
        return int(self._fixture("updates", update={"message": message})["update_id"])

    def taps(self, person: int, choice: str) -> int:
        """Somebody taps a button; the update's id."""
        who = {"id": person, "is_bot": False, "first_name": "Ana", "language_code": "en"}
        query = {"id": f"tap-{next(self.messages)}", "from": who, "chat_instance": "1", "data": choice}
        return int(self._fixture("updates", update={"callback_query": query})["update_id"])

    def delivers(self) -> int:
        """Telegram comes again with what was not acknowledged; how many were taken."""
        return int(self._fixture("deliver")["delivered"])

    def waiting(self) -> int:
        """How many updates were not acknowledged yet."""
        found = self._http.post(f"/bot{BOT_TOKEN}/getWebhookInfo").json()["result"]
        return int(found["pending_update_count"])

    def sets_webhook(self, url: str, secret: str) -> None:
        """Another webhook than the one `hearth webhooks set` gave."""
        self._set(url=url, secret_token=secret)

    def forgets_webhook(self) -> None:
        """No webhook, and nothing waits for one."""
        self._set(url="", drop_pending_updates=True)

    def _set(self, **body: Any) -> None:
        answer = self._http.post(f"/bot{BOT_TOKEN}/setWebhook", json=body)
        assert answer.json()["ok"], answer.text

    def deliveries(self) -> list[tuple[int, int]]:
        """Update and status of every delivery it tried, in order."""
        entries = [json.loads(line) for line in self.journal.read_text("utf-8").splitlines()]
        return [(entry["update_ids"][0], entry["status"]) for entry in entries if entry.get("event") == "webhook"]

    def begins_to_judge(self) -> None:
        """What came before is none of the next verdict's business."""
        self.journal.write_text("", "utf-8")

    def verdict(self, method: str) -> dict[str, Any]:
        """The server's own verdict: `ok` when it refused nothing, answered something and was asked for `method`."""
        options = ["--require-response", "--require-method", method]
        told = subprocess.run([self._program, "verdict", str(self.journal), *options], capture_output=True, text=True)
        return dict(json.loads(told.stdout))
