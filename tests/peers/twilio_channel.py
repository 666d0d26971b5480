"""Our Twilio channel on its own, with a short time limit, pointed at a peer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from bot.channels import twilio
from bot.channels.base import ChannelName, Part, SendResult
from tests.peers.emulate import ACCOUNT, SENDERS, TOKEN
from tests.peers.programs import NOBODY


class Templates:
    """Remembers templates in memory."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def get(self, digest: str) -> str | None:
        return self.known.get(digest)

    def put(self, digest: str, sid: str) -> None:
        self.known[digest] = sid


class Sending:
    """A `TwilioChannel` and what it remembers."""

    def __init__(self, name: ChannelName, api: str, content_api: str, pool: ThreadPoolExecutor) -> None:
        self.client = twilio.client(ACCOUNT, TOKEN, api)
        if content_api:
            self.client.content.base_url = content_api
        self.templates = Templates()
        self.channel = twilio.TwilioChannel(name, self.client, SENDERS[name], NOBODY, self.templates, pool)

    def send(self, person: str, part: Part | str) -> SendResult:
        """Sends one part (a text alone makes a part)."""
        return asyncio.run(self.channel.send(person, Part(part) if isinstance(part, str) else part, 1))

    def find(self, person: str, text: str) -> SendResult | None:
        """Asks whether a text went out in the last minute."""
        return asyncio.run(self.channel.find(person, Part(text), 1, datetime.now(UTC)))


@contextmanager
def sending(name: ChannelName, api: str, content_api: str = "", time_limit_s: float = twilio.TIME_LIMIT_S) -> Iterator[Sending]:
    """A channel until the end of the block."""
    with ThreadPoolExecutor(2) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(twilio, "TIME_LIMIT_S", time_limit_s)
        yield Sending(name, api, content_api, pool)
