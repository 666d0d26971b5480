"""What becomes of a message: Twilio's signed reports find their row, whenever they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels import twilio
from bot.channels.base import ChannelName
from tests.peers.emulate import Emulate, Message
from tests.peers.gateway import Gateway, opened
from tests.peers.programs import eventually
from tests.peers.wiremock import WireMock, late, passed_on
from tests.talk import said

pytestmark = pytest.mark.peers
MESSAGES = "/2010-04-01/Accounts/[^/]+/Messages.json"
LIMIT_S = 4.0
QUESTION = "how much does the ticket cost please"
CHANNELS = [ChannelName.SMS, ChannelName.WHATSAPP]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, wiremock_program: WireMock, emulate: Emulate) -> Iterator[Gateway]:
    """A gateway at work, with WireMock before Twilio. Every test is somebody else's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twilio, "TIME_LIMIT_S", LIMIT_S)
        with opened(tmp_path_factory.mktemp("gateway"), TWILIO_API_BASE=wiremock_program.url) as gateway:
            gateway.rasa.answer = lambda body: (200, said("utter_ask_cost", "It is free at USCIS."))
            emulate.calls(f"{gateway.url}/webhooks/twilio")
            yield gateway


@pytest.fixture(autouse=True)
def passing(wiremock: WireMock, checked_twilio: str) -> None:
    wiremock.rule("/.*", passed_on(checked_twilio), priority=9)


def row(gateway: Gateway) -> Any:
    """The newest row of the outbox."""
    return gateway.rows()[-1]


def answered(emulate: Emulate, gateway: Gateway, channel: ChannelName) -> tuple[str, Message]:
    """Somebody new who was answered, and the answer, as soon as Twilio has it."""
    person = emulate.person(channel)
    emulate.writes(person, QUESTION)
    (message,) = eventually(lambda: emulate.heard(person))
    return person, message


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("reports", "state", "code"),
    [
        (["sent", "delivered"], "delivered", None),
        (["delivered", "sent", "queued", "delivered"], "delivered", None),
        (["sent", "delivered", "read"], "read", None),
        (["delivered", "undelivered"], "delivered", None),
        (["undelivered"], "failed", "undelivered"),
        (["sent", "failed"], "failed", "failed"),
        (["failed", "sent", "delivered"], "failed", "failed"),
        (["canceled"], "failed", "canceled"),
    ],
)
def test_reports_in_any_order_end_in_the_right_state(
    reports: list[str], state: str, code: str | None, channel: ChannelName, emulate: Emulate, gateway: Gateway
) -> None:
    _, message = answered(emulate, gateway, channel)
    eventually(lambda: row(gateway).state == "sent")
    assert row(gateway).provider_id == message.sid
    for report in reports:
        emulate.reports(message.sid, report)
    assert (row(gateway).state, row(gateway).error_code) == (state, code)


@pytest.mark.parametrize(("report", "state"), [("delivered", "delivered"), ("undelivered", "failed")])
def test_a_report_that_comes_before_the_send_returns_is_kept(
    report: str, state: str, emulate: Emulate, gateway: Gateway, wiremock: WireMock, checked_twilio: str
) -> None:
    wiremock.rule(MESSAGES, late(passed_on(checked_twilio), LIMIT_S - 1.5), "POST", priority=1)
    _, message = answered(emulate, gateway, ChannelName.WHATSAPP)
    eventually(lambda: row(gateway).provider_id == message.sid)  # by the report `queued`, which came before all
    emulate.reports(message.sid, report)
    assert row(gateway).sent_at is None, "the send returned too early for this test"
    assert row(gateway).state == state
    eventually(lambda: row(gateway).sent_at)
    assert (row(gateway).state, row(gateway).provider_id) == (state, message.sid)


@pytest.mark.parametrize("report", ["", "delivered"])
def test_a_send_whose_answer_came_too_late_is_not_sent_again(
    report: str, emulate: Emulate, gateway: Gateway, wiremock: WireMock, checked_twilio: str
) -> None:
    wiremock.once(MESSAGES, [late(passed_on(checked_twilio), LIMIT_S + 2)])
    person, message = answered(emulate, gateway, ChannelName.SMS)
    if report:
        emulate.reports(message.sid, report)
    eventually(lambda: row(gateway).state == (report or "sent"))
    assert row(gateway).provider_id == message.sid
    eventually(gateway.at_rest)
    assert [each.sid for each in emulate.heard(person)] == [message.sid]
    assert wiremock.count(MESSAGES, "POST") == 1


def test_a_report_nobody_signed_for_us_changes_nothing(emulate: Emulate, gateway: Gateway) -> None:
    _, message = answered(emulate, gateway, ChannelName.SMS)
    eventually(lambda: row(gateway).state == "sent")
    settings = gateway.services.settings
    right, settings.twilio_auth_token = settings.twilio_auth_token, type(settings.twilio_auth_token)("another-token")
    try:
        emulate.reports(message.sid, "delivered")
        assert row(gateway).state == "sent"
    finally:
        settings.twilio_auth_token = right
    emulate.reports(message.sid, "delivered")
    assert row(gateway).state == "delivered"
