"""The arguments of a Bot API call and what Telegram refuses in them, in the words of its own server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from bot.channels.segments import units

TEXT_LIMIT, DATA_LIMIT, BUTTONS_LIMIT = 4096, 64, 100


class Refusal(Exception):
    """An error answer in Telegram's shape."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status, self.description = status, description


def bad(description: str) -> Refusal:
    """The commonest refusal, in the server's own words."""
    return Refusal(400, f"Bad Request: {description}")


async def arguments_of(request: Request) -> dict[str, Any]:
    """The arguments of a call, from the query, a form (values as JSON where they are not text) or JSON."""
    given: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**given, **(await request.json())}
    given |= {key: str(value) for key, value in (await request.form(max_fields=100)).items()}
    for key in ("reply_markup", "allowed_updates", "message_ids", "commands"):
        if isinstance(given.get(key), str):
            try:
                given[key] = json.loads(given[key])
            except ValueError:
                raise bad(f"can't parse {key} JSON object") from None
    return given


def text_of(arguments: Mapping[str, Any]) -> str:
    """The text to send: not empty, 4096 UTF-16 units at most."""
    text = str(arguments.get("text") or "").strip()
    if not text:
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return text


def keyboard_of(arguments: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    """The inline keyboard, each button with a text and 1 to 64 bytes to come back."""
    rows: list[list[dict[str, str]]] = (arguments.get("reply_markup") or {}).get("inline_keyboard") or []
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise bad("reply markup is too long")
    for button in buttons:
        if not button.get("text"):
            raise bad("inline keyboard button text must be non-empty")
        if not 1 <= len(button.get("callback_data", "").encode()) <= DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")
    return rows
