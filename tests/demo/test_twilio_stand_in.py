"""Twilio's own client against the stand-in: what it accepts, what it refuses, and what it sends back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.channels.twilio import client as hearths_client
from tests.demo.conftest import ACCOUNT, PERSON, PERSON_WHATSAPP, SMS, TOKEN, WHATSAPP, World, wait_for


@pytest.fixture
def client(world: World) -> Client:
    return hearths_client(ACCOUNT, TOKEN, f"{world.base}/twilio")


def content(client: Client, kind: str, value: dict[str, Any]) -> str:
    """A content resource; raises TwilioRestException like the client does."""
    definition = {"friendly_name": "test", "language": "en", "variables": {}, "types": {kind: value}}
    url = f"{client.content.base_url}/v1/Content"
    response = client.request("POST", url, data=definition, headers={"Content-Type": "application/json"})
    body = json.loads(response.text)
    if response.status_code >= 300:
        raise TwilioRestException(response.status_code, url, code=body["code"])
    return str(body["sid"])


def writes(world: World, sender: str = PERSON, text: str = "hello", **fields: str) -> bool:
    """A person writes to us."""
    to = WHATSAPP if sender.startswith("whatsapp:") else SMS
    sid = world.twilio.new_sid()
    return bool(world.on_loop(lambda: world.twilio.receive(sid, sender, to, text, fields)))


def signed(request: tuple[str, dict[str, str], bytes]) -> dict[str, str]:
    """The form of a webhook, its signature checked by Twilio's validator."""
    url, headers, body = request
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert RequestValidator(TOKEN).validate(url, form, headers["x-twilio-signature"])
    return form


def quick_reply(count: int, title: str = "Yes") -> dict[str, Any]:
    return {"body": "Choose", "actions": [{"title": f"{title}", "id": f"id-{n}"} for n in range(count)]}


def list_picker(count: int, **changed: Any) -> dict[str, Any]:
    items = [{"item": f"Item {n}", "id": f"id-{n}", "description": ""} for n in range(count)]
    return {"body": "Choose", "button": "Open", "items": items, **changed}


def test_a_message_is_queued_sent_delivered_and_found_again(world: World, client: Client) -> None:
    made = client.messages.create(to=PERSON, from_=SMS, body="Hello", status_callback=f"{world.webhook.url}/status?o=7")
    assert (made.status, made.num_segments, made.direction) == ("queued", "1", "outbound-api")
    forms = [signed(request) for request in world.webhook.until(3)]
    assert [form["MessageStatus"] for form in forms] == ["queued", "sent", "delivered"]
    assert {form["MessageSid"] for form in forms} == {made.sid}
    assert world.handsets.messages[0].body == "Hello"
    assert client.messages(made.sid).fetch().status == "delivered"


def test_a_whatsapp_message_is_read_when_the_person_looks(world: World, client: Client) -> None:
    writes(world, PERSON_WHATSAPP)
    made = client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, body="Hello", status_callback=f"{world.webhook.url}/status")
    world.webhook.until(4)
    world.on_loop(lambda: world.twilio.read(made.sid))
    forms = [signed(request) for request in world.webhook.until(5)[1:]]
    assert [form["MessageStatus"] for form in forms] == ["queued", "sent", "delivered", "read"]
    assert forms[-1]["ChannelPrefix"] == "whatsapp"


def test_a_telephone_that_is_off_gets_nothing(world: World, client: Client) -> None:
    world.handsets.on = False
    client.messages.create(to=PERSON, from_=SMS, body="Hello", status_callback=f"{world.webhook.url}/status")
    last = signed(world.webhook.until(3)[-1])
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (21604, {"to": "", "from_": SMS, "body": "x"}),
        (21603, {"to": PERSON, "from_": "", "body": "x"}),
        (21602, {"to": PERSON, "from_": SMS, "body": ""}),
        (21617, {"to": PERSON, "from_": SMS, "body": "x" * 1601}),
        (21606, {"to": PERSON, "from_": "+12025550111", "body": "x"}),
        (63007, {"to": PERSON_WHATSAPP, "from_": "whatsapp:+12025550111", "body": "x"}),
        (21910, {"to": PERSON_WHATSAPP, "from_": SMS, "body": "x"}),
        (21910, {"to": PERSON, "from_": WHATSAPP, "body": "x"}),
        (21211, {"to": "+12", "from_": SMS, "body": "x"}),
        (21609, {"to": PERSON, "from_": SMS, "body": "x", "status_callback": "nonsense"}),
        (21655, {"to": PERSON, "from_": SMS, "content_sid": f"HX{'0' * 32}"}),
        (63016, {"to": PERSON_WHATSAPP, "from_": WHATSAPP, "body": "x"}),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(client: Client, code: int, arguments: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(**arguments)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_1600_characters_are_taken(client: Client) -> None:
    assert client.messages.create(to=PERSON, from_=SMS, body="x" * 1600).num_segments == "11"


def test_a_wrong_token_or_account_is_refused(world: World) -> None:
    with pytest.raises(TwilioRestException) as refused:
        hearths_client(ACCOUNT, "wrong", f"{world.base}/twilio").messages.create(to=PERSON, from_=SMS, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    other = Client(ACCOUNT, TOKEN, account_sid=f"AC{'1' * 32}", http_client=TwilioHttpClient(timeout=5))
    other.api.base_url = f"{world.base}/twilio"
    with pytest.raises(TwilioRestException) as unknown:
        other.messages.create(to=PERSON, from_=SMS, body="x")
    assert (unknown.value.status, unknown.value.code) == (404, 20404)


def test_whatsapps_24_hours_open_with_a_message_and_close_again(world: World, client: Client) -> None:
    writes(world, PERSON_WHATSAPP)
    world.clock.pass_(24 * 3600 - 1)
    assert client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, body="still open").sid
    world.clock.pass_(2)
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, body="too late")
    assert refused.value.code == 63016


def test_stop_on_sms_blocks_until_start_and_still_reaches_us(world: World, client: Client) -> None:
    assert writes(world, text=" Stop ")
    assert signed(world.webhook.until(1)[0])["Body"] == " Stop "
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SMS, body="x")
    assert refused.value.code == 21610
    writes(world, text="HELP")
    writes(world, text="START")
    assert client.messages.create(to=PERSON, from_=SMS, body="x").sid
    assert world.handsets.carried == ["stop", "help", "start"]


def test_stop_inside_a_sentence_or_on_whatsapp_is_only_a_word(world: World, client: Client) -> None:
    writes(world, text="please stop")
    writes(world, PERSON_WHATSAPP, "STOP")
    assert client.messages.create(to=PERSON, from_=SMS, body="x").sid
    assert client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, body="x").sid


def test_messages_are_listed_by_the_filters_of_the_client(world: World, client: Client) -> None:
    writes(world, text="from a person")
    for number in range(3):
        client.messages.create(to=PERSON, from_=SMS, body=f"old {number}")
    wait_for(lambda: world.handsets.statuses.count("delivered") == 3)
    world.clock.pass_(3600)
    client.messages.create(to=PERSON, from_=SMS, body="new")
    client.messages.create(to="+639170000002", from_=SMS, body="to another")
    wait_for(lambda: world.handsets.statuses.count("delivered") == 5)
    since = world.clock() - timedelta(minutes=1)
    assert [m.body for m in client.messages.list(to=PERSON, from_=SMS, date_sent_after=since)] == ["new"]
    assert len(client.messages.list(to=PERSON, date_sent_before=since)) == 3
    assert len(client.messages.list(date_sent=world.clock().date())) == 6
    assert [m.body for m in client.messages.list(from_=PERSON)] == ["from a person"]
    assert len(client.messages.list(to=PERSON, page_size=1)) == 4  # page by page
    assert len(client.messages.list(limit=2)) == 2


def test_a_date_that_nobody_can_read_is_an_error(client: Client) -> None:
    client.messages.create(to=PERSON, from_=SMS, body="x")
    with pytest.raises(TwilioException):
        client.messages.list(date_sent="tomorrow")


def test_a_quick_reply_and_a_list_reach_the_telephone(world: World, client: Client) -> None:
    writes(world, PERSON_WHATSAPP)
    for sid in (content(client, "twilio/quick-reply", quick_reply(3)), content(client, "twilio/list-picker", list_picker(10))):
        sent = client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, content_sid=sid)
        assert sent.body == "Choose"
        assert client.content.v1.contents(sid).fetch().sid == sid
    wait_for(lambda: len(world.handsets.messages) == 2)
    shown = [message.content for message in world.handsets.messages]
    assert sorted(len(each.choices) for each in shown if each) == [3, 10]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("twilio/quick-reply", quick_reply(11)),
        ("twilio/quick-reply", quick_reply(0)),
        ("twilio/quick-reply", quick_reply(1, "x" * 21)),
        ("twilio/quick-reply", {**quick_reply(1), "body": "x" * 1025}),
        ("twilio/quick-reply", {**quick_reply(1), "body": ""}),
        ("twilio/quick-reply", {"body": "Choose", "actions": [{"title": "Yes", "id": "x" * 201}]}),
        ("twilio/list-picker", list_picker(11)),
        ("twilio/list-picker", list_picker(1, button="x" * 21)),
        ("twilio/list-picker", list_picker(1, items=[{"item": "x" * 25, "id": "1"}])),
        ("twilio/list-picker", list_picker(1, items=[{"item": "x", "id": "1", "description": "x" * 73}])),
        ("twilio/card", {"title": "x"}),
    ],
)
def test_content_beyond_whatsapps_limits_is_refused(client: Client, kind: str, value: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        content(client, kind, value)
    assert refused.value.status == 400


def test_more_than_three_buttons_need_an_approval_and_sms_has_none(world: World, client: Client) -> None:
    writes(world, PERSON_WHATSAPP)
    four, one = (content(client, "twilio/quick-reply", quick_reply(count)) for count in (4, 1))
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON_WHATSAPP, from_=WHATSAPP, content_sid=four)
    assert refused.value.code == 63013
    with pytest.raises(TwilioRestException) as plain:
        client.messages.create(to=PERSON, from_=SMS, content_sid=one)
    assert plain.value.code == 63030


def test_what_a_person_sends_is_signed_and_tried_again_with_the_same_token(world: World) -> None:
    world.webhook.statuses = [503, 500]
    assert writes(world, PERSON_WHATSAPP, "здравствуйте 👋", ButtonPayload="id-1", ButtonText="Да", MessageType="button")
    forms = [signed(request) for request in world.webhook.requests]
    assert len(forms) == 3
    assert forms[0] == forms[2]
    assert forms[0] | {"WaId": "639170000001", "From": PERSON_WHATSAPP, "To": WHATSAPP, "AccountSid": ACCOUNT} == forms[0]
    assert len({request[1]["i-twilio-idempotency-token"] for request in world.webhook.requests}) == 1


def test_what_the_webhook_refuses_is_not_tried_again(world: World) -> None:
    world.webhook.statuses = [403]
    assert not writes(world)
    assert len(world.webhook.requests) == 1
