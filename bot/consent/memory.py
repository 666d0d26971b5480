"""Making the dialogue engine forget a talk."""

from __future__ import annotations

from typing import Protocol

import httpx

TIME_LIMIT_S = 15.0


class MemoryUnreachable(Exception):
    """Rasa did not say that it forgot. The text names the kind of failure only."""


class Memory(Protocol):
    """Where the dialogue engine remembers talks."""

    def forget(self, conversation_id: str) -> None:
        """Forgets one talk; raises MemoryUnreachable."""


class RasaMemory:
    """Rasa's short memory, through the one door to it."""

    def __init__(self, url: str, token: str) -> None:
        self._address = f"{url.rstrip('/')}/webhooks/hearth/forget"
        self._headers = {"Authorization": f"Bearer {token}"}

    def forget(self, conversation_id: str) -> None:
        try:
            response = httpx.post(self._address, json={"sender": conversation_id}, headers=self._headers, timeout=TIME_LIMIT_S)
        except httpx.HTTPError as error:
            raise MemoryUnreachable(type(error).__name__) from None
        if response.status_code != 200:
            raise MemoryUnreachable(f"status {response.status_code}")
