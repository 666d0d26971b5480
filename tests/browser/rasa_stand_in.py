"""Stands where Rasa and the action server stand, for browser tests on a machine without a trained model.

It speaks the `hearth` channel's contract and answers with the real words of domain.yml and the catalogues; what it
understands is only the most alike training line. What Rasa itself understands and chooses is tested with a trained model.

    python -m tests.browser.rasa_stand_in PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn
import yaml
from rapidfuzz import fuzz, process
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.i18n.answers import Answers
from bot.settings import ROOT

#: One answer of its own: right to left, with a number and a Latin word in it.
URDU_CONTACT = "دفتر کا نمبر +1 202 555 0100 ہے، آپ Hearth کو یہاں بھی لکھ سکتے ہیں۔"
THINKING_S = 0.35


def lines(locale: str) -> dict[str, str]:
    """Training lines of a language and their intents."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "data" / "nlu" / locale).glob("*.yml")):
        for block in (yaml.safe_load(path.read_text("utf-8")) or {}).get("nlu") or ():
            for line in str(block.get("examples") or "").splitlines() if "intent" in block else ():
                found[line.removeprefix("- ").strip().casefold()] = block["intent"]
    return found


class Brain:
    """Chooses a response for a text."""

    def __init__(self) -> None:
        self._answers = Answers.load(ROOT)
        self._lines: dict[str, dict[str, str]] = {}

    def intent(self, text: str, locale: str) -> str:
        if text.startswith("/"):
            intent, _, carried = text[1:].partition("{")
            return str(json.loads("{" + carried)["topic"]) if intent == "more" else intent
        known = self._lines.setdefault(locale, lines(locale))
        best = process.extractOne(text.casefold(), list(known), scorer=fuzz.ratio)
        return known[best[0]] if best and best[1] >= 55 else "out_of_scope"

    def turn(self, body: dict[str, Any]) -> dict[str, Any]:
        locale, country = body["metadata"]["locale"], body["metadata"]["country"]
        intent = self.intent(body["text"], locale)
        name = f"utter_{intent}" if f"utter_{intent}" in self._answers else "utter_out_of_scope"
        answer = self._answers.render(name, locale, country)
        text = URDU_CONTACT if (intent, locale) == ("ask_contact", "ur") else answer.text
        choices = [{"title": choice.title, "payload": choice.payload} for choice in answer.choices]
        return {
            "intent": {"name": intent, "confidence": 1.0},
            "messages": [{"response": name, "text": text, "choices": choices, "custom": {}}],
        }


def application() -> Starlette:
    """The channel, its readiness, and the action server's health."""
    brain = Brain()

    async def webhook(request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return JSONResponse({"error": "wrong or missing bearer token"}, 401)
        await asyncio.sleep(THINKING_S)
        return JSONResponse(brain.turn(await request.json()))

    async def fine(request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/webhooks/hearth/webhook", webhook, methods=["POST"]),
            Route("/webhooks/hearth/ready", fine),
            Route("/health", fine),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
