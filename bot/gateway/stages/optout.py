"""STOP and its kin in every language. Twilio acts on the English words on SMS too, and its word is final.

Somebody who opted out gets nothing until they come back; what they write is still read for danger (crisis runs before).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from bot.channels.base import ChannelName
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers


def load_words(path: Path) -> Mapping[str, frozenset[str]]:
    """The words of data/keywords.yml by kind: opt_out, opt_in, carrier_out, carrier_in."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    return {
        kind: frozenset(str(w).casefold() for words in by_language.values() for w in words) for kind, by_language in raw.items()
    }


class OptOutStage:
    """Keeps the opt-out of a contact; a bare word only, never a word inside a sentence."""

    name = "opt-out"

    def __init__(self, answers: Answers, words: Mapping[str, frozenset[str]]) -> None:
        self._answers, self._words = answers, words

    async def process(self, turn: Turn) -> None:
        opted_out = turn.claim.contact["opted_out_at"] is not None
        carrier = turn.inbound.extra.get("opt_out_type", "")
        word = turn.text.casefold().strip(" .!?؟。/\"'")
        on_sms = turn.inbound.channel is ChannelName.SMS
        wants_out = carrier == "STOP" or word in self._words["opt_out"] or (on_sms and word in self._words["carrier_out"])
        wants_in = carrier == "START" or word in self._words["opt_in"] or (on_sms and word in self._words["carrier_in"])
        if wants_out and not turn.payload:
            turn.contact_changes["opted_out_at"] = turn.now
            # The carrier has blocked the number and answered already: a reply would only fail with 21610.
            by_carrier = carrier == "STOP" or (on_sms and word in self._words["carrier_out"])
            if not by_carrier and not opted_out:
                turn.say(self._answers, "utter_opted_out")
            turn.finish("opted out")
        elif opted_out and wants_in:
            turn.contact_changes["opted_out_at"] = None
            turn.say(self._answers, "utter_opted_in")
            turn.finish("opted in")
        elif opted_out or carrier:
            turn.finish("silent")
