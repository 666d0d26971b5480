"""One message of Twilio's API: what it is, how the API shows it, and which filters find it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from bot.channels.segments import segments
from bot.demo.twilio_contents import Content

VERSION = "2010-04-01"


@dataclass
class Sms:
    """A message resource, on SMS or WhatsApp."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    created: datetime
    sent: datetime | None = None
    callback: str = ""
    error: int | None = None
    content: Content | None = None
    read: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def on_whatsapp(self) -> bool:
        """True when it went over WhatsApp."""
        return self.to.startswith("whatsapp:")

    def shown(self, account: str) -> dict[str, Any]:
        """The resource as Twilio's API shows it."""
        path = f"/{VERSION}/Accounts/{account}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": account,
            "api_version": VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "date_updated": format_datetime(self.sent or self.created),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(max(1, segments(self.body))),
            "price": None,
            "price_unit": "USD",
            "status": self.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": self.to,
            "uri": f"{path}.json",
        }


def matches(message: Sms, query: Mapping[str, str]) -> bool:
    """The filters as Twilio's client sends them: To, From, DateSent (a day), DateSent< and DateSent> (a moment).

    Raises ValueError for a date nobody can read.
    """
    when = message.sent or message.created
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    if (day := query.get("DateSent")) and _moment(day).date() != when.date():
        return False
    if (before := query.get("DateSent<")) and when > _moment(before):
        return False
    return not ((after := query.get("DateSent>")) and when < _moment(after))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
