"""Raw payloads from Twilio, as they are documented and captured, and what each means."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.channels.base import ChannelName, Kind
from bot.channels.twilio import parse

SID = "SM" + "0" * 32


@dataclass(frozen=True)
class Case:
    label: str
    form: dict[str, str]
    channel: ChannelName
    kind: Kind
    text: str = ""
    choice: str = ""
    extra: dict[str, str] = field(default_factory=dict)


WHATSAPP = {"From": "whatsapp:+639170000000", "To": "whatsapp:+15557654321", "WaId": "639170000000", "ProfileName": "x"}
SMS = {"From": "+639170000000", "To": "+15551234567", "FromCity": "", "FromCountry": "PH"}
CASES = [
    Case("a text on WhatsApp", {**WHATSAPP, "Body": "kumusta"}, ChannelName.WHATSAPP, Kind.TEXT, "kumusta"),
    Case("a text on SMS", {**SMS, "Body": "hello", "NumMedia": "0"}, ChannelName.SMS, Kind.TEXT, "hello"),
    Case("an alphanumeric sender", {**SMS, "From": "MYBANK", "Body": "win"}, ChannelName.SMS, Kind.TEXT, "win"),
    Case(
        "a quick reply",
        {**WHATSAPP, "Body": "What it costs", "ButtonText": "What it costs", "ButtonPayload": "ab12", "MessageType": "button"},
        ChannelName.WHATSAPP,
        Kind.TAP,
        "What it costs",
        "ab12",
    ),
    Case(
        "a list item",
        {**WHATSAPP, "Body": "Papers", "ListId": "cd34", "ListTitle": "Papers", "MessageType": "interactive"},
        ChannelName.WHATSAPP,
        Kind.TAP,
        "Papers",
        "cd34",
    ),
    Case("a photo", {**WHATSAPP, "Body": "", "NumMedia": "1", "MediaContentType0": "image/jpeg"}, ChannelName.WHATSAPP, Kind.PHOTO),
    Case("a sticker", {**WHATSAPP, "NumMedia": "1", "MediaContentType0": "image/webp"}, ChannelName.WHATSAPP, Kind.STICKER),
    Case("a voice note", {**WHATSAPP, "NumMedia": "1", "MediaContentType0": "audio/ogg"}, ChannelName.WHATSAPP, Kind.VOICE),
    Case("a contact card", {**WHATSAPP, "NumMedia": "1", "MediaContentType0": "text/vcard"}, ChannelName.WHATSAPP, Kind.CONTACT),
    Case("a video", {**WHATSAPP, "NumMedia": "1", "MediaContentType0": "video/mp4"}, ChannelName.WHATSAPP, Kind.OTHER),
    Case("a file", {**WHATSAPP, "NumMedia": "1", "MediaContentType0": "application/pdf"}, ChannelName.WHATSAPP, Kind.OTHER),
    Case("a place", {**WHATSAPP, "Body": "", "Latitude": "14.6", "Longitude": "121.0"}, ChannelName.WHATSAPP, Kind.LOCATION),
    Case(
        "a photo with words",
        {**WHATSAPP, "Body": "is this right?", "NumMedia": "1", "MediaContentType0": "image/png"},
        ChannelName.WHATSAPP,
        Kind.PHOTO,
        "is this right?",
    ),
    Case(
        "the carrier's stop",
        {**SMS, "Body": "STOP", "OptOutType": "STOP"},
        ChannelName.SMS,
        Kind.TEXT,
        "STOP",
        extra={"opt_out_type": "STOP"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_payload_is_read_as_what_it_is(case: Case) -> None:
    inbound = parse({"MessageSid": SID, "AccountSid": "AC", **case.form})
    assert (inbound.channel, inbound.kind, inbound.text, inbound.choice_id) == (case.channel, case.kind, case.text, case.choice)
    assert dict(inbound.extra) == case.extra
    assert inbound.provider_message_id == SID


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_payload_without_its_keys_is_refused(missing: str) -> None:
    form = {"MessageSid": SID, **SMS, "Body": "x"}
    del form[missing]
    with pytest.raises(KeyError):
        parse(form)
