"""Everything that is not text: each kind has one stated answer; a caption is answered as text too."""

from __future__ import annotations

from bot.channels.base import Kind
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers

ANSWERS = {
    Kind.PHOTO: "utter_media_photo",
    Kind.VOICE: "utter_media_voice",
    Kind.STICKER: "utter_media_sticker",
    Kind.LOCATION: "utter_media_location",
    Kind.CONTACT: "utter_media_contact",
    Kind.OTHER: "utter_media_other",
    Kind.EDITED: "utter_edited",
}


class MediaStage:
    """Answers media politely and notes a blocked or unblocked bot; files are never fetched or kept."""

    name = "media"

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def process(self, turn: Turn) -> None:
        kind = turn.inbound.kind
        if kind in (Kind.BLOCKED, Kind.UNBLOCKED):
            turn.contact_changes["blocked_at"] = turn.now if kind is Kind.BLOCKED else None
            turn.finish(kind.value)
        elif kind in ANSWERS:
            turn.say(self._answers, ANSWERS[kind])
            if not turn.text or kind is Kind.EDITED:
                turn.finish("media")
        elif not turn.text and not turn.payload:
            turn.say(self._answers, "utter_empty_choice" if kind is Kind.TAP else "utter_media_other")
            turn.finish("empty")
