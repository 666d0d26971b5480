"""Twilio's Content API as far as WhatsApp's quick replies and list pickers go, with its limits.

Limits: Twilio's pages on twilio/quick-reply and twilio/list-picker. In a session, without WhatsApp's approval, a quick reply
carries three buttons.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

UNAPPROVED_BUTTONS = 3
BODY, ACTIONS, ITEMS, BUTTON_TITLE, ITEM_TITLE, DESCRIPTION, ID, LIST_BUTTON = 1024, 10, 10, 20, 24, 72, 200, 20


class ContentError(Exception):
    """The content breaks a limit; the text says which."""


@dataclass(frozen=True)
class Content:
    """One content resource: what is said and what may be tapped."""

    sid: str
    definition: Mapping[str, Any]
    kind: str
    body: str
    choices: tuple[tuple[str, str], ...]
    list_label: str = ""

    def shown(self, account: str, now: datetime) -> dict[str, Any]:
        """The resource as Twilio's API shows it."""
        when = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"https://content.twilio.com/v1/Content/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": account,
            "friendly_name": self.definition.get("friendly_name"),
            "language": self.definition.get("language"),
            "variables": self.definition.get("variables") or {},
            "types": self.definition["types"],
            "url": path,
            "links": {"approval_create": f"{path}/ApprovalRequests/whatsapp", "approval_fetch": f"{path}/ApprovalRequests"},
            "date_created": when,
            "date_updated": when,
        }


def _text(value: Mapping[str, Any], name: str, most: int, required: bool = True) -> str:
    text = value.get(name) or ""
    if not isinstance(text, str) or (required and not text.strip()):
        raise ContentError(f"{name} is required")
    if len(text) > most:
        raise ContentError(f"{name} is longer than {most} characters")
    return text


def _choices(values: Any, title: str, longest: int, most: int) -> tuple[tuple[str, str], ...]:
    if not isinstance(values, Sequence) or not 1 <= len(values) <= most:
        raise ContentError(f"between 1 and {most} choices are required")
    return tuple((_text(each, "id", ID), _text(each, title, longest)) for each in values)


def made(definition: Any) -> Content:
    """The content of a request body; raises ContentError."""
    types = definition.get("types") if isinstance(definition, Mapping) else None
    if not isinstance(types, Mapping) or len(types) != 1 or not definition.get("language"):
        raise ContentError("language and one type are required")
    kind, value = next(iter(types.items()))
    sid = f"HX{secrets.token_hex(16)}"
    if kind == "twilio/text":
        return Content(sid, definition, kind, _text(value, "body", BODY), ())
    if kind == "twilio/quick-reply":
        body = _text(value, "body", BODY)
        return Content(sid, definition, kind, body, _choices(value.get("actions"), "title", BUTTON_TITLE, ACTIONS))
    if kind == "twilio/list-picker":
        body, label = _text(value, "body", BODY), _text(value, "button", LIST_BUTTON)
        choices = _choices(value.get("items"), "item", ITEM_TITLE, ITEMS)
        for item in value["items"]:
            _text(item, "description", DESCRIPTION, required=False)
        return Content(sid, definition, kind, body, choices, label)
    raise ContentError(f"{kind} is not known here")
