"""No peer can be reached from outside this machine."""

from __future__ import annotations

import socket

import pytest

from tests.peers.bot_api import BotApi
from tests.peers.emulate import Emulate
from tests.peers.programs import HOST, bound
from tests.peers.wiremock import WireMock

pytestmark = pytest.mark.peers


def own_address() -> str:
    """This machine's address in its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # an address for documentation
        except OSError:
            return HOST
        return str(asking.getsockname()[0])


def open_at(address: str, port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(2)
        return trying.connect_ex((address, port)) == 0


def test_every_peer_listens_on_loopback_only(
    emulate: Emulate, checked_twilio: str, content_api: str, wiremock: WireMock, bot_api: BotApi
) -> None:
    outside = own_address()
    if outside == HOST:
        pytest.skip("NO NETWORK: this machine has no other address than loopback")
    with socket.socket() as everywhere:
        everywhere.bind(("", 0))
        everywhere.listen()
        assert open_at(outside, everywhere.getsockname()[1]), "the check itself does not work here"
    for url in (emulate.url, checked_twilio, content_api, wiremock.url, bot_api.url):
        port = int(url.rsplit(":", 1)[1])
        assert open_at(HOST, port)
        assert not open_at(outside, port), url
    with bound() as ours:
        ours.listen()
        assert not open_at(outside, ours.getsockname()[1])
