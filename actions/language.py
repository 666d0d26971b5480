"""Changing the language of a talk."""

from __future__ import annotations

import json

from rasa_sdk.executor import CollectingDispatcher

from bot.i18n.languages import CODES, language, languages


def change_language(dispatcher: CollectingDispatcher, wanted: str | None) -> None:
    """Changes to `wanted` and says so in it. None: offers all; one we do not speak: says so and offers all."""
    if wanted in CODES:
        dispatcher.utter_message(json_message={"locale": wanted})
        name = language(wanted).name
        dispatcher.utter_message(
            json_message={"response": "utter_language_changed", "values": {"language": name}, "locale": wanted}
        )
        return
    if wanted not in {None, "other"}:
        dispatcher.utter_message(response="utter_language_unknown")
    choices = [{"title": each.name, "payload": "/change_language" + json.dumps({"language": each.code})} for each in languages()]
    dispatcher.utter_message(json_message={"response": "utter_language_choices", "values": {}, "choices": choices})
