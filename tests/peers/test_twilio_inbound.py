"""What people write, signed by a Twilio nobody here wrote and by Twilio's own library for Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import ChannelName, Kind
from tests.peers.emulate import ACCOUNT, SENDERS, TOKEN, Emulate
from tests.peers.gateway import Gateway, opened
from tests.peers.installation import Installation

pytestmark = pytest.mark.peers
SIGNER = Path(__file__).with_name("signer.cjs")
TEXTS = [
    "Grüße, wie geht's?",
    "هل يمكن لأختي أن تأتي؟ ١٢٣",
    "کیا میری بہن آ سکتی ہے؟",
    "👩‍👩‍👧 🇸🇾 ❤️",
    "a+b=c & 100% «да»\n\n  两行  ",
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that only keeps what comes. Every test is somebody else's."""
    with opened(tmp_path_factory.mktemp("gateway"), workers=False) as gateway:
        yield gateway


@pytest.mark.parametrize("channel", [ChannelName.SMS, ChannelName.WHATSAPP])
def test_what_people_write_is_kept_once_and_to_the_letter(channel: ChannelName, emulate: Emulate, gateway: Gateway) -> None:
    emulate.calls(f"{gateway.url}/webhooks/twilio")
    person = emulate.person(channel)
    sids = [emulate.writes(person, text) for text in TEXTS]
    kept = gateway.kept(person)
    assert [(each.channel, each.address, each.kind) for each in kept] == [(channel, person, Kind.TEXT)] * len(TEXTS)
    assert [(each.provider_message_id, each.text) for each in kept] == list(zip(sids, TEXTS, strict=True))


def test_a_twilio_with_another_token_is_not_believed(tmp_path: Path, emulate: Emulate) -> None:
    with opened(tmp_path, workers=False, TWILIO_AUTH_TOKEN="another-token") as gateway:
        emulate.calls(f"{gateway.url}/webhooks/twilio")
        emulate.writes(emulate.person(ChannelName.SMS), "hello")
        assert gateway.kept() == []


@pytest.fixture
def signer(peers: Installation) -> Any:
    """Posts signed forms; returns their answers' statuses."""

    def post(*calls: dict[str, Any]) -> list[int]:
        done = subprocess.run(
            [peers.node, str(SIGNER)], input=json.dumps(calls), text=True, capture_output=True, env=peers.environ, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return [answer["status"] for answer in json.loads(done.stdout)]

    return post


def form(person: str, **fields: Any) -> dict[str, Any]:
    """The fields of a WhatsApp message, as Twilio sends them."""
    sid = f"SM{person.removeprefix('whatsapp:+'):0>32}"
    ids = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01"}
    who = {
        "From": person,
        "To": SENDERS[ChannelName.WHATSAPP],
        "WaId": person.removeprefix("whatsapp:+"),
        "ProfileName": "Ana María 🌻",
    }
    counts = {"NumMedia": "0", "NumSegments": "1", "ReferralNumMedia": "0", "SmsStatus": "received", "MessageType": "text"}
    return {**ids, **who, **counts, "Body": "hello", **fields}


MEDIA = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x/ME1", "MessageType": "image", "Body": ""}
REPLIED = {"OriginalRepliedMessageSid": "SM" + "7" * 32, "OriginalRepliedMessageSender": SENDERS[ChannelName.WHATSAPP]}
TAP = "0123456789abcdef"

#: name, path, fields, what is kept: kind, text, choice
CALLS: list[tuple[str, str, dict[str, Any], tuple[Kind, str, str]]] = [
    ("plain", "", {}, (Kind.TEXT, "hello", "")),
    (
        "quick reply",
        "",
        {"ButtonText": "¿Qué cuesta?", "ButtonPayload": TAP, "Body": "¿Qué cuesta?", "MessageType": "button", **REPLIED},
        (Kind.TAP, "¿Qué cuesta?", TAP),
    ),
    (
        "list tap",
        "",
        {"ListId": TAP, "ListTitle": "رقم", "ListDescription": "", "Body": "رقم", "MessageType": "interactive", **REPLIED},
        (Kind.TAP, "رقم", TAP),
    ),
    ("photo without text", "", {**MEDIA, "MediaContentType0": "image/jpeg"}, (Kind.PHOTO, "", "")),
    ("photo with text", "", {**MEDIA, "MediaContentType0": "image/png", "Body": "ma carte"}, (Kind.PHOTO, "ma carte", "")),
    ("voice", "", {**MEDIA, "MediaContentType0": "audio/ogg; codecs=opus", "MessageType": "audio"}, (Kind.VOICE, "", "")),
    ("sticker", "", {**MEDIA, "MediaContentType0": "image/webp"}, (Kind.STICKER, "", "")),
    ("contact", "", {**MEDIA, "MediaContentType0": "text/vcard"}, (Kind.CONTACT, "", "")),
    ("paper", "", {**MEDIA, "MediaContentType0": "application/pdf", "MessageType": "document"}, (Kind.OTHER, "", "")),
    (
        "location",
        "",
        {
            "Latitude": "14.5995",
            "Longitude": "120.9842",
            "Address": "Manila, 1000",
            "Label": "",
            "Body": "",
            "MessageType": "location",
        },
        (Kind.LOCATION, "", ""),
    ),
    ("query", "?name=%C3%BC%20+x&empty=&again=1&again=2", {}, (Kind.TEXT, "hello", "")),
    ("repeated field", "", {"Twice": ["b", "a", "b"]}, (Kind.TEXT, "hello", "")),
    ("new field", "", {"Brand_New[x]": "ж & = + %41"}, (Kind.TEXT, "hello", "")),
    ("spaces and lines", "", {"Body": "  \r\n hello \t\n"}, (Kind.TEXT, "  \r\n hello \t\n", "")),
    ("emoji", "", {"Body": "👩‍👩‍👧‍👦 🏳️‍🌈 \U0001faf6"}, (Kind.TEXT, "👩‍👩‍👧‍👦 🏳️‍🌈 \U0001faf6", "")),
]


def person_of(name: str) -> str:
    """The address of the person of a row."""
    return f"whatsapp:+63918{[call[0] for call in CALLS].index(name):07d}"


@pytest.mark.parametrize(("name", "query", "fields", "expected"), CALLS, ids=[call[0] for call in CALLS])
def test_what_twilios_library_signs_is_taken_and_kept_once(
    name: str, query: str, fields: dict[str, Any], expected: tuple[Kind, str, str], signer: Any, gateway: Gateway
) -> None:
    address, person = f"{gateway.url}/webhooks/twilio{query}", person_of(name)
    call = {"to": address, "signed": address, "token": TOKEN, "form": form(person, **fields)}
    assert signer(call, call, call) == [200, 200, 200]
    (kept,) = gateway.kept(person)
    assert (kept.kind, kept.text, kept.choice_id) == expected
    assert kept.channel is ChannelName.WHATSAPP


def test_a_signature_for_another_address_token_or_form_is_refused(signer: Any, gateway: Gateway) -> None:
    address, person = f"{gateway.url}/webhooks/twilio", "whatsapp:+639190000000"
    right = {"to": address, "signed": address, "token": TOKEN, "form": form(person)}
    wrong: list[dict[str, Any]] = [
        {**right, "signed": "https://other.example.org/webhooks/twilio"},
        {**right, "signed": f"{address}/"},
        {**right, "signed": f"{address}?x=1"},
        {**right, "to": f"{address}?x=1"},
        {**right, "signed": f"{address}/status"},
        {**right, "token": "another-token"},
        {**right, "token": ""},
        {**right, "signature": ""},
        {**right, "signature": "junk"},
        {**right, "signature": "x" * 4096},
        {**right, "form": form(person, AccountSid="AC" + "9" * 32)},
    ]
    assert signer(*wrong) == [403] * len(wrong)
    assert gateway.kept(person) == []
    assert signer(right) == [200]
    assert len(gateway.kept(person)) == 1
