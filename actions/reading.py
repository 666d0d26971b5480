"""Says items of the reading list (data/reading.yml) by their neutral lines; never a title."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from rasa_sdk.executor import CollectingDispatcher

from actions.conversations import DATA
from actions.speaking import say
from bot.flows.reading import AT_A_TIME, Item, chosen, load
from bot.flows.reply import Option, Reply


@lru_cache(maxsize=1)
def the_list() -> tuple[Item, ...]:
    """data/reading.yml, read once."""
    return load(DATA / "reading.yml")


def say_reading(dispatcher: CollectingDispatcher, wanted: Mapping[str, str | None]) -> None:
    """At most three items that fit topic, country and year, from `offset` on, and a choice for the rest."""
    given = {name: value for name, value in wanted.items() if value}
    offset = given.pop("offset", "0")
    start = int(offset) if offset.isascii() and offset.isdigit() else 0
    fitting = chosen(the_list(), given.get("topic"), given.get("country"), given.get("year"))
    shown, left = fitting[start : start + AT_A_TIME], fitting[start + AT_A_TIME :]
    if not shown:
        dispatcher.utter_message(response="utter_reading_none")
        return
    replies = [Reply("utter_reading")] if start == 0 else []
    replies += [Reply(f"utter_reading_{item.id}") for item in shown]
    if left:
        on = "/learn_more" + json.dumps({**given, "offset": str(start + AT_A_TIME)})
        replies.append(Reply("utter_reading_more", options=(Option("utter_choice_more", on),)))
    say(dispatcher, replies)
