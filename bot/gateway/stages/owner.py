"""While a caseworker owns the talk the message is theirs and the bot is silent."""

from __future__ import annotations

from bot.gateway.turn import Turn


class OwnerStage:
    """Ends the turn without a reply when staff own the conversation; nothing Rasa remembers can override that."""

    name = "owner"

    async def process(self, turn: Turn) -> None:
        if turn.claim.conversation["owner"] == "staff":
            turn.replies.clear()
            turn.finish("staff")
