"""SMS and WhatsApp through Twilio: verify, parse, send.

The signature is checked over the configured public address and the raw path and query (never over Host headers), and
only url-encoded forms are taken: a multipart body would break Twilio's own validator. Sending uses Twilio's client with
explicit time limits and no retries of its own, since a retry it makes unseen is a message sent twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests
from starlette.datastructures import ImmutableMultiDict
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.channels.base import Capabilities, ChannelName, Inbound, Kind, Outcome, Part, SendResult
from bot.channels.twilio_errors import outcome

SMS = Capabilities(
    text_limit=640, buttons=0, button_title=0, list_items=0, list_title=0, choice_text_limit=640,
    utf16_units=False, costly_unicode=True, can_delete=False, may_carry_case_facts=False,
)  # fmt: skip
WHATSAPP = Capabilities(
    text_limit=1500, buttons=3, button_title=20, list_items=10, list_title=24, choice_text_limit=1000,
    utf16_units=False, costly_unicode=False, can_delete=False, may_carry_case_facts=True,
)  # fmt: skip
TIME_LIMIT_S = 10.0
VALIDITY_S = 3600  # an answer that could not be delivered for an hour would only confuse


class ContentStore(Protocol):
    """Remembers which Content template was made for which text and choices."""

    def get(self, digest: str) -> str | None: ...
    def put(self, digest: str, sid: str) -> None: ...


def verify(url: str, form: ImmutableMultiDict[str, str], signature: str, token: str) -> bool:
    """True when Twilio signed exactly this form for exactly this address."""
    return bool(signature) and bool(RequestValidator(token).validate(url, form, signature))  # type: ignore[no-untyped-call]


def _media_kind(content_type: str) -> Kind:
    if content_type == "image/webp":
        return Kind.STICKER
    main = content_type.split("/", 1)[0]
    if "vcard" in content_type:
        return Kind.CONTACT
    return {"image": Kind.PHOTO, "audio": Kind.VOICE}.get(main, Kind.OTHER)


def parse(form: Mapping[str, str]) -> Inbound:
    """The message in a verified form; raises KeyError when MessageSid or From is missing."""
    sender = form["From"]
    channel = ChannelName.WHATSAPP if sender.startswith("whatsapp:") else ChannelName.SMS
    kind, choice = Kind.TEXT, form.get("ButtonPayload") or form.get("ListId") or ""
    if choice:
        kind = Kind.TAP
    elif form.get("NumMedia", "0") not in ("", "0"):
        kind = _media_kind(form.get("MediaContentType0", ""))
    elif form.get("Latitude"):
        kind = Kind.LOCATION
    extra = {"opt_out_type": form["OptOutType"]} if form.get("OptOutType") else {}
    return Inbound(channel, form["MessageSid"], sender, kind, form.get("Body", ""), choice, extra=extra)


class TwilioChannel:
    """Sends for one of Twilio's two channels; one client and a small pool of threads serve both."""

    def __init__(
        self, name: ChannelName, client: Client, sender: str, public_url: str, contents: ContentStore, pool: ThreadPoolExecutor
    ) -> None:
        self.name = name
        self.capabilities = SMS if name is ChannelName.SMS else WHATSAPP
        self._client, self._from, self._contents, self._pool = client, sender, contents, pool
        self._callback = f"{public_url.rstrip('/')}/webhooks/twilio/status"

    async def send(self, address: str, part: Part, outbox_id: int) -> SendResult:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._send, address, part, outbox_id)

    async def remove(self, address: str, messages: Sequence[str]) -> SendResult:
        return SendResult(Outcome.REFUSED, code="cannot delete")  # capabilities say so; nobody should ask

    async def find(self, address: str, part: Part, outbox_id: int, since: datetime) -> SendResult | None:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._find, address, part, since)

    def _send(self, address: str, part: Part, outbox_id: int) -> SendResult:
        arguments: dict[str, Any] = {"to": address, "from_": self._from, "validity_period": VALIDITY_S}
        if self._callback.startswith("https://") or self._client.api.base_url != "https://api.twilio.com":
            arguments["status_callback"] = f"{self._callback}?o={outbox_id}"
        try:
            if part.template:
                arguments["content_sid"] = part.template
                arguments["content_variables"] = json.dumps(dict(part.variables), ensure_ascii=False)
            elif part.choices:
                arguments["content_sid"] = self._content(part)
            else:
                arguments["body"] = part.text
            message = self._client.messages.create(**arguments)
            return SendResult(Outcome.SENT, message.sid) if message.sid else SendResult(Outcome.UNKNOWN, code="no sid")
        except TwilioRestException as error:
            wait = 1.0 if error.status == 429 else None
            return SendResult(outcome(error.code, error.status), code=str(error.code or error.status), wait=wait)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            return SendResult(Outcome.RETRY if _never_left(error) else Outcome.UNKNOWN, code=type(error).__name__)
        except (requests.exceptions.RequestException, TwilioException, ValueError, TypeError) as error:
            return SendResult(Outcome.UNKNOWN, code=type(error).__name__)

    def _content(self, part: Part) -> str:
        """The Content template for this text and these choices, made once and remembered."""
        definition = _definition(part)
        digest = _digest(definition)
        known = self._contents.get(digest)
        if known:
            return known
        # The client's Content classes build the same JSON from many small objects; its request method takes it as it is.
        response = self._client.request(
            "POST", f"{self._client.content.base_url}/v1/Content", data=definition, headers={"Content-Type": "application/json"}
        )
        body = json.loads(response.text)
        if response.status_code >= 300 or "sid" not in body:
            raise TwilioRestException(response.status_code, "/v1/Content", code=body.get("code"), method="POST")
        self._contents.put(digest, body["sid"])
        return str(body["sid"])

    def _find(self, address: str, part: Part, since: datetime) -> SendResult | None:
        # A message with a template carries its text as body too, so the text alone identifies it.
        try:
            sent = self._client.messages.list(to=address, from_=self._from, date_sent_after=since - timedelta(minutes=1), limit=20)
        except (TwilioException, requests.exceptions.RequestException, ValueError, TypeError):
            return SendResult(Outcome.UNKNOWN)
        for message in sent:
            if (message.body or "").strip() == part.text.strip():
                return SendResult(Outcome.SENT, message.sid or "")
        return SendResult(Outcome.RETRY)


def _never_left(error: requests.exceptions.RequestException) -> bool:
    """True for refused or unresolved connections; a reset connection may have carried the message."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)


def _definition(part: Part) -> dict[str, Any]:
    if len(part.choices) <= WHATSAPP.buttons:
        kind = "twilio/quick-reply"
        body: dict[str, Any] = {"body": part.text, "actions": [{"title": c.title, "id": c.id} for c in part.choices]}
    else:
        kind = "twilio/list-picker"
        items = [{"item": c.title, "id": c.id, "description": ""} for c in part.choices]
        body = {"body": part.text, "button": part.list_label[:20] or "...", "items": items}
    return {"friendly_name": "hearth", "language": "en", "variables": {}, "types": {kind: body}}


def _digest(definition: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


def client(account_sid: str, token: str, api_base: str) -> Client:
    """Twilio's client with time limits; `api_base` points it at a stand-in (empty: the real service)."""
    made = Client(account_sid, token, http_client=TwilioHttpClient(timeout=TIME_LIMIT_S))  # type: ignore[no-untyped-call]
    if api_base:
        made.api.base_url = made.content.base_url = api_base.rstrip("/")
    return made
