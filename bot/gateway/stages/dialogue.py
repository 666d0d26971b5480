"""The text goes to Rasa, masked and neutralised; what Rasa chose comes back worded.

A response marked `private: kind` in domain.yml is not said: the private talk of bot/consent takes its place, here in the
gateway, so that no case fact and no secret is ever in Rasa's processes.

Rasa proposes and policy disposes: a response's ticket and signals are taken from our own domain.yml by the response's
name, and nothing typed can become a command of Rasa's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.consent.talk import PrivateTalk
from bot.gateway.rasa import Rasa, RasaError, RasaReply
from bot.gateway.stages.locale import PREFIX, language_choices
from bot.gateway.turn import Turn
from bot.i18n.answers import Answer, Answers, Choice
from bot.i18n.languages import CODES, language

MAX_TEXT = 1000
_MASKS = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"), "email"),
    (re.compile(r"\b(?=[A-Za-z]*\d)(?=(?:[A-Za-z]*\d){3})(?=\d*[A-Za-z])[A-Za-z0-9]{7,20}\b"), "document"),
    (re.compile(r"\+?\d(?:[\s().\-/\u2010-\u2015\u2060]{0,3}\d){6,}"), "number"),
)
_AGES = re.compile(r"\d{1,2}(?:\s+\d{1,2})+")  # "my kids are 12 14 16 9" is no telephone number
_SLASHES = "/\uff0f\u2215\u2044\u29f8"
_COMMANDS = {"/start": "/greet", "/help": "/ask_capabilities", "/menu": "/ask_capabilities"}


def neutral(text: str) -> str:
    """`text` as Rasa may see it: no leading slash of any width, no addresses or long numbers, at most MAX_TEXT characters."""
    text = text.lstrip(_SLASHES + " \t\n")
    text = text[:MAX_TEXT]
    for pattern, word in _MASKS:
        text = pattern.sub(partial(_masked, word), text)
    return text


def _masked(word: str, found: re.Match[str]) -> str:
    return found.group() if _AGES.fullmatch(found.group()) else word


class DialogueStage:
    """Asks Rasa; raises RasaError when the turn failed, so that the worker tries again and at last apologises."""

    name = "dialogue"

    def __init__(self, answers: Answers, rasa: Rasa, private: PrivateTalk) -> None:
        self._answers, self._rasa, self._private = answers, rasa, private

    async def process(self, turn: Turn) -> None:
        if turn.locale_state == "choosing":
            self._ask_language(turn)
            return
        turn.kept_inbox_id = None  # answered now, or not at all
        payload = turn.payload or _COMMANDS.get(turn.text.casefold(), "")
        text = payload or neutral(turn.text) or "?"
        metadata = {
            "locale": turn.locale,
            "channel": turn.inbound.channel.value,
            "country": turn.country,
            "payload": bool(payload),
        }
        for reply in await self._rasa.ask(turn.claim.conversation["id"], text, str(turn.claim.inbox_id), metadata):
            if kind := self._answers.metadata(reply.response).get("private"):
                await asyncio.to_thread(self._private.begin, turn, str(kind))
            else:
                self._take(turn, reply)
        if not turn.replies and not turn.contact_changes:
            raise RasaError("nothing to say")
        if turn.first and turn.replies and turn.replies[0].name == "utter_greet":
            turn.replies[0] = self._answers.render("utter_welcome", turn.locale, turn.country)
        if turn.locale_state == "asked":
            self._confirm_language(turn)

    def _take(self, turn: Turn, reply: RasaReply) -> None:
        metadata = self._answers.metadata(reply.response)
        code = reply.custom.get("locale")
        if code in CODES:
            turn.locale, turn.locale_state = code, "chosen"
        if code in CODES or reply.response == "utter_language_changed":
            if not any(said.name == "utter_language_changed" for said in turn.replies):
                turn.say(self._answers, "utter_language_changed", language=language(turn.locale).name)
            return
        choices: tuple[Choice, ...] = reply.choices
        if reply.response == "utter_language_choices":
            choices = language_choices()
        if reply.text:
            answer = Answer(reply.response, reply.text, choices, metadata)
            turn.replies.append(answer)
            turn.request(answer)
        self._signals(turn, metadata)

    def _signals(self, turn: Turn, metadata: Mapping[str, Any]) -> None:
        if metadata.get("opt_out"):
            turn.contact_changes["opted_out_at"] = turn.now

    def _ask_language(self, turn: Turn) -> None:
        """No language was recognised: all of them are offered, and the message waits for the choice."""
        answer = self._answers.render("utter_unknown_language", turn.locale)
        turn.replies.append(replace(answer, choices=language_choices()))
        turn.kept_inbox_id = turn.kept_inbox_id or turn.claim.inbox_id
        turn.finish("language")

    def _confirm_language(self, turn: Turn) -> None:
        question = self._answers.render("utter_confirm_language", turn.locale, language=language(turn.locale).name)
        yes, other = (choice.title for choice in question.choices)
        choices = (Choice(yes, PREFIX + turn.locale), Choice(other, PREFIX + "other"))
        turn.replies.append(replace(question, choices=choices))
        turn.locale_state = "guessed"
        turn.kept_inbox_id = turn.claim.inbox_id
