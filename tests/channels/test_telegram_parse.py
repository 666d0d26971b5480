"""Raw updates from Telegram and what each means."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.base import Kind
from bot.channels.telegram import parse, verify

USER = {"id": 42, "is_bot": False, "first_name": "A", "language_code": "ur"}
CHAT = {"id": 42, "type": "private"}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
VOICE = {"file_id": "f", "file_unique_id": "u", "duration": 1}
STICKER = {
    "file_id": "f",
    "file_unique_id": "u",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
    "type": "regular",
}
DOCUMENT = {"file_id": "f", "file_unique_id": "u"}


def message(**content: Any) -> dict[str, Any]:
    return {"update_id": 7, "message": {"message_id": 5, "date": 1790000000, "from": USER, "chat": CHAT, **content}}


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"text": "سلام"}, Kind.TEXT, "سلام"),
        ({"text": "/start secret_payload"}, Kind.TEXT, "/start"),
        ({"photo": PHOTO, "caption": "this?"}, Kind.PHOTO, "this?"),
        ({"voice": VOICE}, Kind.VOICE, ""),
        ({"sticker": STICKER}, Kind.STICKER, ""),
        ({"location": {"latitude": 1.0, "longitude": 2.0}}, Kind.LOCATION, ""),
        ({"contact": {"phone_number": "+1", "first_name": "x"}}, Kind.CONTACT, ""),
        ({"document": DOCUMENT}, Kind.OTHER, ""),
        ({"dice": {"emoji": "x", "value": 1}}, Kind.OTHER, ""),
    ],
)
def test_a_private_message_is_read_as_what_it_is(content: dict[str, Any], kind: Kind, text: str) -> None:
    inbound = parse(message(**content))
    assert inbound is not None
    assert (inbound.kind, inbound.text, inbound.address, inbound.language_hint) == (kind, text, "42", "ur")


def test_an_edited_message_is_not_a_new_one() -> None:
    update = message(text="changed")
    update["edited_message"] = {**update.pop("message"), "edit_date": 1790000001}
    inbound = parse(update)
    assert inbound is not None
    assert inbound.kind is Kind.EDITED


def test_a_tap_carries_its_choice_and_what_stops_the_spinner() -> None:
    query = {"id": "q1", "from": USER, "chat_instance": "c", "data": "ab12", "message": message(text="x")["message"]}
    inbound = parse({"update_id": 8, "callback_query": query})
    assert inbound is not None
    assert (inbound.kind, inbound.choice_id, inbound.extra["callback_id"]) == (Kind.TAP, "ab12", "q1")


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_what_is_said_in_a_group_is_not_kept(kind: str) -> None:
    inbound = parse(message(text="secret words", chat={"id": -5, "type": kind, "title": "t"}))
    assert inbound is not None
    assert (inbound.kind, inbound.text) == (Kind.GROUP, "")


@pytest.mark.parametrize(("status", "kind"), [("kicked", Kind.BLOCKED), ("member", Kind.UNBLOCKED)])
def test_blocking_and_unblocking_the_bot(status: str, kind: Kind) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "b"}
    new = {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}
    change = {
        "chat": CHAT,
        "from": USER,
        "date": 1790000000,
        "old_chat_member": {"user": bot, "status": "member"},
        "new_chat_member": new,
    }
    inbound = parse({"update_id": 9, "my_chat_member": change})
    assert inbound is not None
    assert inbound.kind is kind


def test_an_update_we_have_no_use_for_is_ignored() -> None:
    assert (
        parse(
            {
                "update_id": 10,
                "poll": {
                    "id": "1",
                    "question": "?",
                    "options": [],
                    "total_voter_count": 0,
                    "is_closed": False,
                    "is_anonymous": True,
                    "type": "regular",
                    "allows_multiple_answers": False,
                    "allows_revoting": False,
                    "members_only": False,
                },
            }
        )
        is None
    )


@pytest.mark.parametrize(
    ("sent", "secret", "taken"),
    [("right", "right", True), ("wrong", "right", False), ("", "right", False), ("", "", False), ("ü", "right", False)],
)
def test_only_the_right_secret_opens(sent: str, secret: str, taken: bool) -> None:
    assert verify(sent, secret) is taken
