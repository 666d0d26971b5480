"""The door to Rasa: a real small model, a real HTTP server, the project's own action server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.utils.endpoints import EndpointConfig
from tests_server import APP_PYTHON, TOKEN, ActionServer, Door, ask, free_port

from bot.brain.channel import BadRequest, HearthInput, message_of, neutral
from bot.brain.responses import CatalogueResponses
from bot.brain.tracker_store import ShortMemory


@pytest.fixture(scope="module")
def actions() -> Iterator[ActionServer]:
    if not APP_PYTHON.exists():
        pytest.skip("the application's environment (.venv) is not there")
    with ActionServer() as server:
        yield server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ShortMemory:
    return ShortMemory(host=f"sqlite:///{tmp_path_factory.mktemp('talks') / 'rasa.db'}")


@pytest.fixture(scope="module")
def agent(small_model: Path, actions: ActionServer, store: ShortMemory) -> Agent:
    endpoint = EndpointConfig(url=actions.url)
    return Agent.load(str(small_model), generator=CatalogueResponses(), tracker_store=store, action_endpoint=endpoint)


@pytest.fixture(scope="module")
def server() -> Door:
    return Door()


@pytest.fixture
def door(server: Door, agent: Agent) -> Iterator[Door]:
    with server.over(agent) as door:
        yield door


def texts(answer: dict[str, Any]) -> list[str]:
    return [message["response"] for message in answer["messages"]]


def test_it_tells_whether_a_model_is_loaded(door: Door) -> None:
    status, body = ask(f"{door.url}/ready", token=None)
    assert status == 200
    assert body["model"]
    with door.over(None) as empty:
        assert ask(f"{empty.url}/ready", token=None)[0] == 503
        assert empty.say("hello")[0] == 503


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "é" * 20])
def test_only_the_right_token_opens(door: Door, token: str | None) -> None:
    status, body = ask(
        f"{door.url}/webhook", {"sender": "c", "text": "hello", "message_id": "1"}, token and token.encode().decode("latin-1")
    )
    assert status == 401
    assert set(body) == {"error"}


def test_it_does_not_start_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARTH_RASA_TOKEN", raising=False)
    with pytest.raises(Exception, match="HEARTH_RASA_TOKEN"):
        HearthInput.from_credentials({})
    monkeypatch.setenv("HEARTH_RASA_TOKEN", "short")
    with pytest.raises(Exception, match="HEARTH_RASA_TOKEN"):
        HearthInput.from_credentials(None)
    monkeypatch.setenv("HEARTH_RASA_TOKEN", TOKEN)
    assert isinstance(HearthInput.from_credentials({}), HearthInput)


def test_a_button_is_answered_in_the_language_of_the_person(door: Door) -> None:
    status, english = door.say("/ask_cost", "buttons")
    assert status == 200
    assert english["intent"] == {"name": "ask_cost", "confidence": 1.0}
    assert texts(english) == ["utter_ask_cost"]
    assert english["messages"][0]["text"]
    spanish = door.say("/ask_cost", "buttons", locale="es")[1]
    assert spanish["messages"][0]["response"] == "utter_ask_cost"


def test_a_response_with_a_ticket_tells_the_gateway(door: Door) -> None:
    answer = door.say("/report_danger", "danger")[1]
    assert texts(answer) == ["utter_report_danger"]
    assert answer["messages"][0]["custom"]["ticket"]["urgency"] == "urgent"


def test_typed_text_can_name_no_intent_and_fill_nothing(door: Door) -> None:
    for text in ('/inform{"answer": "spouse"}', "/restart", " \u200e/ask_cost", "／ask_cost", "//ask_cost", "/"):
        status, answer = door.say(text, "typed", payload=False)
        assert status == 200, answer
        assert answer["intent"]["confidence"] < 1.0


@pytest.mark.parametrize(
    "payload", ["/restart", "/back", "/session_start", "/nlu_fallback", "/no_such_intent", "ask_cost", "/ask_cost{", "/ask cost"]
)
def test_a_payload_that_is_none_of_ours_is_refused(door: Door, payload: str) -> None:
    assert door.say(payload, "odd", payload=True)[0] == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", [], {}, {"sender": "c", "text": "hi"}, {"sender": "", "text": "hi", "message_id": "1"}, {"sender": "c", "text": "  ", "message_id": "1"},
     {"sender": "c", "text": 5, "message_id": "1"}, {"sender": "c", "text": "x" * 5000, "message_id": "1"}, {"sender": "c", "text": "hi", "message_id": "1", "metadata": []}],
)  # fmt: skip
def test_an_odd_request_is_refused(door: Door, body: Any) -> None:
    status, answer = ask(f"{door.url}/webhook", body)
    assert status == 400
    assert set(answer) == {"error"}


def test_a_whole_eligibility_talk_runs_through_the_action_server(door: Door) -> None:
    answer = door.say("/check_eligibility", "family")[1]
    assert answer["messages"][-1]["choices"]
    assert all(choice["title"] and choice["payload"].startswith("/inform") for choice in answer["messages"][-1]["choices"])
    for _ in range(12):
        choices = answer["messages"][-1]["choices"]
        if not choices or not choices[0]["payload"].startswith("/inform"):
            break
        status, answer = door.say(choices[0]["payload"], "family")
        assert status == 200, answer
        assert all(message["text"] for message in answer["messages"])


def test_a_question_in_the_middle_of_a_flow_is_answered_and_the_flow_goes_on(door: Door) -> None:
    question = door.say("/check_eligibility", "middle")[1]["messages"][-1]
    answer = door.say("/ask_cost", "middle")[1]
    assert texts(answer)[0] == "utter_ask_cost"
    assert answer["messages"][-1]["text"] == question["text"]


def test_an_unsure_message_is_asked_back_and_the_second_one_offers_a_person(door: Door) -> None:
    first = door.say("19", "unsure")[1]
    assert first["intent"]["name"] == "nlu_fallback"
    assert texts(first)[0] in {"utter_ask_back", "utter_ask_back_none"}
    assert any(choice["payload"] == "/request_human" for choice in first["messages"][-1]["choices"])
    assert texts(door.say("20", "unsure")[1]) == ["utter_offer_person"]


def test_a_change_of_language_is_a_signal_and_the_rest_of_the_turn_follows_it(door: Door) -> None:
    answer = door.say('/change_language{"language": "fr"}', "language")[1]
    assert {"locale": "fr"} in [
        {key: value for key, value in message["custom"].items() if key == "locale"} for message in answer["messages"]
    ]


def test_the_same_message_twice_gives_the_same_answer_and_one_turn(door: Door, store: ShortMemory) -> None:
    first = door.say("/check_eligibility", "twice", message_id="m1")[1]
    count = len(asyncio.run(store.retrieve("twice")).events)
    assert door.say("/check_eligibility", "twice", message_id="m1")[1] == first
    assert len(asyncio.run(store.retrieve("twice")).events) == count


def test_a_failing_action_server_fails_the_turn_and_leaves_no_trace(
    door: Door, agent: Agent, store: ShortMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent.processor, "action_endpoint", EndpointConfig(url=f"http://127.0.0.1:{free_port()}/webhook"))
    status, body = door.say("/check_eligibility", "failing", message_id="f1")
    assert status == 502
    assert body == {"error": "action action_eligibility failed: RasaException"}
    assert asyncio.run(store.retrieve("failing")) is None


def test_a_failing_database_fails_the_turn(door: Door, agent: Agent, store: ShortMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: str) -> None:
        raise OSError("disk")

    monkeypatch.setattr(store, "retrieve", broken)
    assert door.say("/ask_cost", "database") == (500, {"error": "the turn failed: OSError"})


def test_a_response_nobody_wrote_fails_the_turn(door: Door, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise KeyError("utter_ask_cost")

    monkeypatch.setattr(agent.nlg._answers, "render", nothing)
    assert door.say("/ask_cost", "unwritten")[0] == 502


def test_a_turn_without_a_reply_fails(door: Door, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(agent.nlg, "generate", silence)
    assert door.say("/goodbye", "silent") == (502, {"error": "the turn gave no reply"})


def test_a_slow_turn_ends_in_time(door: Door, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object, **__: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(agent.nlg, "generate", slow)
    with door.over(agent, seconds=0.5):
        begun = time.monotonic()
        assert door.say("/goodbye", "slow")[0] == 504
        assert time.monotonic() - begun < 10


def test_a_talk_can_be_forgotten(door: Door, store: ShortMemory) -> None:
    door.say("/ask_cost", "leaving")
    assert ask(f"{door.url}/forget", {"sender": "leaving"}, token="wrong")[0] == 401
    status, body = ask(f"{door.url}/forget", {"sender": "leaving"})
    assert status == 200
    assert body["forgotten"] > 0
    assert asyncio.run(store.retrieve("leaving")) is None


def test_many_people_at_once_each_get_their_own_answer(door: Door) -> None:
    results: dict[str, Any] = {}

    def one(name: str, payload: str) -> None:
        results[name] = door.say(payload, name)[1]["intent"]["name"]

    wanted = {f"p{number}": ("/ask_cost", "/ask_privacy", "/greet")[number % 3] for number in range(12)}
    threads = [threading.Thread(target=one, args=item) for item in wanted.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {name: payload[1:] for name, payload in wanted.items()}


@pytest.mark.parametrize(
    ("typed", "read"),
    [("/ask_cost", "ask_cost"), ("hello/there", "hello/there"), ("\u200f／/x", "x"), ("/", "?"), ("\\/x", "x"), ("¿y?", "¿y?")],
)
def test_neutral_text(typed: str, read: str) -> None:
    assert neutral(typed) == read


def test_only_a_true_payload_mark_counts() -> None:
    body = {"sender": "c", "text": "/ask_cost", "message_id": "1"}
    for mark in (None, False, 1, "true", "yes"):
        assert message_of({**body, "metadata": {"payload": mark}}, {"ask_cost"}).text == "ask_cost"
    assert message_of({**body, "metadata": {"payload": True}}, {"ask_cost"}).text == "/ask_cost"
    with pytest.raises(BadRequest):
        message_of({**body, "metadata": {"payload": True}}, {"greet"})
