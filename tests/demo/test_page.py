"""The page's server side: what it refuses, and that its words are whole in every language."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import httpx
import phonenumbers
import pytest
import yaml

from bot.channels.base import ChannelName
from bot.demo.page import Accounts, Login, application
from bot.demo.phones import Bubble, Phones, invented_number
from bot.demo.words import Words
from bot.i18n.languages import CODES
from bot.settings import ROOT
from tests.conftest import Clock
from tests.demo.conftest import ACCOUNT, BOT, SMS, TOKEN, WHATSAPP, served

WORDS = Words.load(ROOT / "data" / "demo")


@pytest.fixture
def client(clock: Clock) -> Iterator[httpx.Client]:
    accounts = Accounts(ACCOUNT, TOKEN, SMS, WHATSAPP, BOT)
    login = Login("http://127.0.0.1:1/console/", "caseworker", "a password <&>")
    app = application("http://127.0.0.1:1", accounts, login, WORDS, clock, random.Random(1))
    with served(app) as base, httpx.Client(base_url=base) as client:
        yield client


def made(client: httpx.Client, channel: str = "telegram") -> str:
    return str(client.post("/phones", json={"channel": channel, "country": "PH", "language": "en"}).json()["id"])


def test_the_page_shows_three_phones_and_the_login(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.text.count('class="phone ') == 3
    assert "a password &lt;&amp;&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_only_the_names_of_this_machine_are_answered(client: httpx.Client) -> None:
    assert client.get("/", headers={"Host": "evil.example:8080"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8080"}).status_code == 200


def test_orders_come_as_json_only(client: httpx.Client) -> None:
    phone = made(client)
    form = client.post(f"/phones/{phone}/send", data={"kind": "text", "text": "hello"})
    plain = client.post(f"/phones/{phone}/send", content='{"text": "hello"}', headers={"Content-Type": "text/plain"})
    assert (form.status_code, plain.status_code) == (400, 400)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/phones", {"channel": "fax", "country": "PH"}, 400),
        ("/phones", {"channel": "sms", "country": "XX"}, 400),
        ("/phones", ["sms"], 400),
        ("/phones/nobody/send", {"text": "x"}, 404),
        ("/phones/{phone}/send", {"text": " "}, 400),
        ("/phones/{phone}/send", {"kind": "video"}, 400),
        ("/phones/{phone}/tap", {"message": "1", "button": "1"}, 404),
        ("/phones/{phone}/edit", {"message": "1", "text": "x"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, path: str, body: Any, status: int) -> None:
    assert client.post(path.format(phone=made(client)), json=body).status_code == status


def test_a_location_cannot_be_sent_by_sms(client: httpx.Client) -> None:
    assert client.post(f"/phones/{made(client, 'sms')}/send", json={"kind": "location"}).status_code == 400


@pytest.mark.parametrize("country", WORDS.all_countries)
def test_invented_numbers_are_of_their_country(country: str) -> None:
    chance = random.Random(7)
    numbers = {invented_number(country, chance) for _ in range(20)}
    assert len(numbers) > 15
    for number in numbers:
        assert phonenumbers.region_code_for_number(phonenumbers.parse(number)) == country


def test_a_phone_shows_changes_to_those_who_watch_it_alone(clock: Clock) -> None:
    phones = Phones(clock, random.Random(1))
    mine, other = (phones.new(ChannelName.SMS, "US", "en") for _ in range(2))
    with phones.watch([mine.id]) as queue:
        phones.put(mine, Bubble("1", True, "text", "hello", clock(), "waiting"))
        phones.put(other, Bubble("2", True, "text", "secret", clock(), "waiting"))
        phones.change(mine, "1", status="kept")
        phones.change(mine, "gone", status="kept")
        phones.remove(mine, ["1", "gone"])
    events = [queue.get_nowait() for _ in range(queue.qsize())]
    assert [event["event"] for event in events] == ["message", "message", "removed"]
    assert events[1]["message"]["status"] == "kept"
    assert events[2]["ids"] == ["1"]


def test_every_language_has_every_word_and_the_whole_script() -> None:
    script = yaml.safe_load((ROOT / "data" / "demo" / "script.yml").read_text("utf-8"))
    for code in CODES:
        assert WORDS.labels[code].keys() == WORDS.labels["en"].keys()
        assert all(WORDS.labels[code].values())
        assert 6 <= len(WORDS.script[code]) <= 8
        about = {line["about"] for line in script[code]}
        assert about >= {"greeting", "eligibility", "cost", "travel", "danger", "person"}
