"""Which language to answer in: recognised at the first message, asked once when unsure, changed at any time, and kept.

A language's own name typed alone ("Español", "اردو") changes it without Rasa. A later message that is clearly in another
language of ours gets one question in that language; a single foreign word changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.gateway.inbox import Inbox
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers, Choice
from bot.i18n.bidi import clean
from bot.i18n.detect import Detector, Guess
from bot.i18n.languages import CODES, by_name, language, languages

PREFIX = "locale:"
MIN_WORDS_TO_ASK_AGAIN = 4
MIN_LETTERS_TO_ASK_AGAIN = 25  # scripts without spaces


def language_choices() -> tuple[Choice, ...]:
    """One choice a language, each by its own name."""
    return tuple(Choice(each.name, PREFIX + each.code) for each in languages())


class LocaleStage:
    """Sets the turn's locale; `locale_state` tells later stages whether it is known."""

    name = "locale"

    def __init__(self, answers: Answers, detector: Detector, inbox: Inbox) -> None:
        self._answers, self._detector, self._inbox = answers, detector, inbox

    async def process(self, turn: Turn) -> None:
        named = by_name(turn.text) if turn.text and not turn.payload else None
        if named or turn.payload.startswith(PREFIX):
            await self._chosen(turn, named or turn.payload.removeprefix(PREFIX))
        elif turn.payload or not turn.text or turn.text.startswith("/"):
            self._hinted(turn)
        elif turn.locale_state in ("unknown", "choosing"):
            self._first(turn, self._detector.detect(turn.text, turn.inbound.language_hint))
        else:
            self._later(turn, self._detector.detect(turn.text, ""))

    def _hinted(self, turn: Turn) -> None:
        """Nothing to read, as with a photo first: the phone's own language is the best guess there is."""
        hint = turn.inbound.language_hint[:2]
        if turn.locale_state == "unknown" and hint in CODES:
            turn.locale, turn.locale_state = hint, "guessed"

    def _first(self, turn: Turn, guess: Guess) -> None:
        if guess.code is None:
            turn.locale_state = "choosing"
            return
        turn.locale = guess.code
        turn.locale_state = "guessed" if guess.sure else "asked"

    def _later(self, turn: Turn, guess: Guess) -> None:
        """A whole sentence in another language of ours: answered in it, with one question whether to stay there."""
        whole = len(turn.text.split()) >= MIN_WORDS_TO_ASK_AGAIN or len(turn.text) >= MIN_LETTERS_TO_ASK_AGAIN
        if guess.sure and guess.code and guess.code != turn.locale and whole and turn.locale_state != "chosen":
            turn.locale, turn.locale_state = guess.code, "asked"

    async def _chosen(self, turn: Turn, code: str) -> None:
        """Changes the language; a message that waited for it, or was answered in a wrong guess, is answered now."""
        if code == "other":
            answer = self._answers.render("utter_language_choices", turn.locale)
            turn.replies.append(replace(answer, choices=language_choices()))
            turn.finish("language")
            return
        again = turn.kept_inbox_id is not None and (turn.locale_state == "choosing" or code != turn.locale)
        kept, turn.kept_inbox_id = turn.kept_inbox_id, None
        turn.locale, turn.locale_state, turn.payload = code, "chosen", ""
        if again and kept is not None and (message := await asyncio.to_thread(self._inbox.kept, kept)) is not None:
            turn.text = clean(message.text)
            return
        turn.say(self._answers, "utter_welcome" if turn.first else "utter_language_changed", language=language(code).name)
        turn.finish("language")
