"""Every way in which Twilio, or something on the way to it, can fail: the outcome, and that nothing is sent twice unseen."""

from __future__ import annotations

import pytest

from bot.channels.base import ChannelName, OfferedChoice, Outcome, Part
from tests.peers.emulate import Emulate
from tests.peers.programs import NOBODY, deaf
from tests.peers.twilio_channel import sending
from tests.peers.wiremock import BAD_CHUNK, EMPTY, RESET, Response, WireMock, html, json, late, passed_on

pytestmark = pytest.mark.peers
MESSAGES, CONTENT = "/2010-04-01/Accounts/[^/]+/Messages.json", "/v1/Content"
PERSON = "whatsapp:+639170000000"
LIMIT_S = 1.0
MADE: Response = json(201, {"sid": "SM" + "1" * 32, "status": "queued", "body": "hello"})


def error(status: int, code: int) -> Response:
    """An error as Twilio's API words it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return json(status, {"code": code, "message": f"error {code}", "more_info": more, "status": status})


#: name, answer, outcome, code
FAULTS: list[tuple[str, Response, Outcome, str]] = [
    ("too many requests", error(429, 20429), Outcome.RETRY, "20429"),
    ("too many requests, as a page", html(429), Outcome.RETRY, "429"),
    ("provider overloaded", error(429, 63017), Outcome.RETRY, "63017"),
    ("unavailable", error(503, 20503), Outcome.RETRY, "20503"),
    ("server error in JSON", error(500, 20500), Outcome.UNKNOWN, "20500"),
    ("bad gateway, as a page", html(502), Outcome.UNKNOWN, "502"),
    ("window over", error(400, 63016), Outcome.WINDOW, "63016"),
    ("sender's limit", error(429, 63018), Outcome.SENDER_LIMIT, "63018"),
    ("opted out", error(400, 21610), Outcome.OPTED_OUT, "21610"),
    ("blocked on WhatsApp", error(400, 63014), Outcome.OPTED_OUT, "63014"),
    ("no such number", error(400, 21211), Outcome.UNREACHABLE, "21211"),
    ("no mobile number", error(400, 21614), Outcome.UNREACHABLE, "21614"),
    ("cannot be routed", error(400, 21612), Outcome.UNREACHABLE, "21612"),
    ("not on WhatsApp", error(400, 63024), Outcome.UNREACHABLE, "63024"),
    ("too long", error(400, 21617), Outcome.REFUSED, "21617"),
    ("text after substitution too long", error(400, 63021), Outcome.REFUSED, "63021"),
    ("template's variables", error(400, 63013), Outcome.REFUSED, "63013"),
    ("country not allowed", error(400, 21408), Outcome.REFUSED, "21408"),
    ("a code nobody listed", error(400, 29999), Outcome.REFUSED, "29999"),
    ("wrong token", error(401, 20003), Outcome.MISCONFIGURED, "20003"),
    ("account not found", error(404, 20404), Outcome.MISCONFIGURED, "20404"),
    ("sender not ours", error(400, 21606), Outcome.MISCONFIGURED, "21606"),
    ("channel not found", error(400, 63007), Outcome.MISCONFIGURED, "63007"),
    ("forbidden, as a page", html(403), Outcome.MISCONFIGURED, "403"),
    ("moved", {"status": 307, "headers": {"Location": "/elsewhere"}}, Outcome.UNKNOWN, "307"),
    ("made, but no body", {"status": 201}, Outcome.UNKNOWN, ""),
    ("made, but no id", json(201, {}), Outcome.UNKNOWN, ""),
    ("fine, as a page", html(200), Outcome.UNKNOWN, ""),
    ("made, as a page", html(201), Outcome.UNKNOWN, ""),
    ("made, half a body", {"status": 201, "body": '{"sid": "SM11'}, Outcome.UNKNOWN, ""),
    ("reset", RESET, Outcome.UNKNOWN, ""),
    ("hung up", EMPTY, Outcome.UNKNOWN, ""),
    ("bad chunk", BAD_CHUNK, Outcome.UNKNOWN, ""),
    ("junk", {"status": 201, "fault": "RANDOM_DATA_THEN_CLOSE"}, Outcome.UNKNOWN, ""),
    ("too late", late(MADE, LIMIT_S * 2), Outcome.UNKNOWN, ""),
]


@pytest.mark.parametrize(("name", "answer", "outcome", "code"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_failing_send_has_its_outcome_and_is_asked_for_once(
    name: str, answer: Response, outcome: Outcome, code: str, wiremock: WireMock
) -> None:
    wiremock.rule(MESSAGES, answer, "POST")
    with sending(ChannelName.WHATSAPP, wiremock.url, time_limit_s=LIMIT_S) as twilio:
        result = twilio.send(PERSON, "hello")
        assert (result.outcome, result.provider_id) == (outcome, "")
        assert not code or result.code == code
        if outcome is Outcome.RETRY and "429" in (result.code, str(answer["status"])):
            assert result.wait is not None
        assert wiremock.count("/.*", "ANY") == 1
        wiremock.rule(MESSAGES, MADE, "POST", priority=1)  # and the channel lives on
        assert twilio.send(PERSON, "hello").outcome is Outcome.SENT


@pytest.mark.parametrize("sender", [ChannelName.SMS, ChannelName.WHATSAPP])
def test_a_refused_connection_is_provably_unsent(sender: ChannelName) -> None:
    with sending(sender, NOBODY) as twilio:
        assert twilio.send(PERSON, "hello").outcome is Outcome.RETRY


def test_a_connection_that_never_comes_about_is_provably_unsent() -> None:
    with deaf() as address, sending(ChannelName.SMS, address, time_limit_s=LIMIT_S) as twilio:
        result = twilio.send(PERSON, "hello")
    assert (result.outcome, result.code) == (Outcome.RETRY, "ConnectTimeout")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error(429, 20429), Outcome.RETRY),
        (error(401, 20003), Outcome.MISCONFIGURED),
        (error(400, 20001), Outcome.REFUSED),
        (html(502), Outcome.UNKNOWN),
        (RESET, Outcome.UNKNOWN),
        (json(201, {"friendly_name": "hearth"}), Outcome.UNKNOWN),
    ],
)
def test_a_template_that_fails_has_its_outcome_and_no_message_follows(
    answer: Response, outcome: Outcome, wiremock: WireMock
) -> None:
    wiremock.rule(CONTENT, answer, "POST")
    wiremock.rule(MESSAGES, MADE, "POST")
    with sending(ChannelName.WHATSAPP, wiremock.url, time_limit_s=LIMIT_S) as twilio:
        result = twilio.send(PERSON, Part("Which?", (OfferedChoice("a" * 16, "One"),)))
        assert (result.outcome, wiremock.count(CONTENT), wiremock.count(MESSAGES)) == (outcome, 1, 0)
        assert twilio.templates.known == {}


@pytest.mark.parametrize("answer", [html(502), html(200), RESET, EMPTY, late(MADE, LIMIT_S * 2), error(401, 20003)])
def test_a_find_that_fails_never_says_that_nothing_went_out(answer: Response, wiremock: WireMock) -> None:
    """Else a second message would follow."""
    wiremock.rule(MESSAGES, answer, "GET")
    with sending(ChannelName.SMS, wiremock.url, time_limit_s=LIMIT_S) as twilio:
        found = twilio.find(PERSON, "hello")
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert wiremock.count(MESSAGES, "GET") == 1


def test_what_arrived_late_is_found_and_not_sent_again(wiremock: WireMock, emulate: Emulate) -> None:
    person = emulate.person(ChannelName.SMS)
    wiremock.rule("/.*", passed_on(emulate.url), priority=9)
    wiremock.rule(MESSAGES, late(passed_on(emulate.url), LIMIT_S * 2), "POST")
    with sending(ChannelName.SMS, wiremock.url, time_limit_s=LIMIT_S) as twilio:
        assert twilio.send(person, "hello").outcome is Outcome.UNKNOWN
        found = twilio.find(person, "hello")
    (message,) = emulate.heard(person)
    assert found is not None
    assert (found.outcome, found.provider_id) == (Outcome.SENT, message.sid)
