"""`emulate`, a stateful Twilio: it takes our messages, writes as people do, reports deliveries, and signs its calls."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from bot.channels.base import ChannelName

ACCOUNT, TOKEN = "AC" + "5" * 32, "a-token-of-the-peer"
SENDERS = {ChannelName.SMS: "+15005550006", ChannelName.WHATSAPP: "whatsapp:+15005550009"}


def seed(target: Path) -> Path:
    """Writes what `emulate` starts with: one account and our two senders."""
    numbers = [{"phone_number": sender} for sender in SENDERS.values()]
    target.write_text(yaml.safe_dump({"twilio": {"account": {"sid": ACCOUNT, "auth_token": TOKEN}, "phone_numbers": numbers}}))
    return target


@dataclass(frozen=True)
class Message:
    """A message as Twilio has it."""

    sid: str
    body: str | None
    status: str
    sender: str


class Emulate:
    """One running `emulate`. People of different tests have different numbers, so that no test sees another's."""

    numbers = itertools.count(1)

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, auth=(ACCOUNT, TOKEN), timeout=30)

    def close(self) -> None:
        """Ends the connection to it; the program is stopped by who started it."""
        self._http.close()

    def person(self, channel: ChannelName) -> str:
        """The address of somebody new."""
        return f"{'whatsapp:' if channel is ChannelName.WHATSAPP else ''}+63917{next(self.numbers):07d}"

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = self._http.request(method, path, **more)
        answer.raise_for_status()
        return answer.json()

    def calls(self, webhook: str) -> None:
        """From now on what people write goes to `webhook`."""
        numbers = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
        for sender in SENDERS.values():
            (found,) = self._call("GET", f"{numbers}.json", params={"PhoneNumber": sender})["incoming_phone_numbers"]
            self._call("POST", f"{numbers}/{found['sid']}.json", data={"SmsUrl": webhook})

    def writes(self, person: str, text: str) -> str:
        """Somebody writes to us; the message's SID, once our webhook has answered."""
        channel = ChannelName.WHATSAPP if person.startswith("whatsapp:") else ChannelName.SMS
        form = {"From": person, "To": SENDERS[channel], "Body": text}
        return str(self._call("POST", "/_twilio/simulate/inbound-message", data=form)["sid"])

    def reports(self, sid: str, status: str) -> None:
        """A message of ours gets a new status, and our callback is told."""
        self._call("POST", "/_twilio/simulate/message-status", data={"MessageSid": sid, "Status": status})

    def heard(self, person: str) -> list[Message]:
        """What this person got from us, oldest first."""
        query = {"To": person, "PageSize": 1000}
        found = self._call("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", params=query)["messages"]
        return [Message(each["sid"], each["body"], each["status"], each["from"]) for each in reversed(found)]
