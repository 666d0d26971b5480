"""Twilio's HTTP API on this machine, for the phones of the demo: messages, contents, and signed webhooks back.

What it checks is what Twilio checks (account, senders, addresses, lengths, the 24 hours of WhatsApp, STOP on SMS), with
Twilio's error codes and error body. It keeps nothing beyond the process, and is no test of Twilio itself.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from bot.channels.segments import segments
from bot.demo.twilio_contents import UNAPPROVED_BUTTONS, Content, ContentError, made
from bot.demo.twilio_messages import VERSION, Sms, matches

TEXT_LIMIT = 1600
WINDOW = timedelta(hours=24)
MESSAGES_KEPT, PAGE, MOST_ON_A_PAGE = 2000, 50, 1000
#: What `hearth webhooks set` asks Twilio for: three more tries, on trouble of ours or of the line, five seconds each.
TRIES, TIME_LIMIT_S, WAIT_S = 4, 5.0, 0.5
SENT_AFTER_S, DELIVERED_AFTER_S = 0.15, 0.35
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
STOP = frozenset({"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"})
START, HELP = frozenset({"start", "yes", "unstop"}), frozenset({"help", "info"})


class Handsets(Protocol):
    """Who owns the telephones that messages go to."""

    def arrived(self, message: Sms) -> bool:
        """Shows the message; False when no such telephone is switched on."""

    def became(self, message: Sms) -> None:
        """The message has another status now."""

    def carrier(self, number: str, word: str) -> None:
        """The carrier itself answers: `word` is stop, start or help."""


class Refusal(Exception):
    """An error answer in Twilio's shape."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def response(self) -> Response:
        """The body that Twilio's clients expect."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        body = {"code": self.code, "message": self.message, "more_info": more, "status": self.status}
        return JSONResponse(body, self.status)


class TwilioStandIn:
    """One account with an SMS number and a WhatsApp sender, both with the same webhook."""

    def __init__(
        self,
        account: str,
        token: str,
        senders: tuple[str, ...],
        webhook: str,
        handsets: Handsets,
        clock: Callable[[], datetime],
        client: httpx.AsyncClient,
    ) -> None:
        self._account, self._token, self._senders, self._webhook = account, token, senders, webhook
        self._handsets, self._clock, self._client = handsets, clock, client
        self._messages: OrderedDict[str, Sms] = OrderedDict()
        self._contents: dict[str, Content] = {}
        self._last_inbound: dict[str, datetime] = {}
        self._stopped: set[tuple[str, str]] = set()
        self._lives: set[asyncio.Task[None]] = set()
        self._signer = RequestValidator(token)  # type: ignore[no-untyped-call]

    # ------------------------------------------------------------------ the HTTP API

    def routes(self) -> list[Route]:
        """What Twilio's client calls."""
        messages = f"/{VERSION}/Accounts/{{account}}/Messages"
        return [
            Route(f"{messages}.json", self._guarded(self._create), methods=["POST"]),
            Route(f"{messages}.json", self._guarded(self._list), methods=["GET"]),
            Route(f"{messages}/{{sid}}.json", self._guarded(self._fetch), methods=["GET"]),
            Route("/v1/Content", self._guarded(self._create_content), methods=["POST"]),
            Route("/v1/Content/{sid}", self._guarded(self._fetch_content), methods=["GET"]),
        ]

    def _guarded(self, answer: Any) -> Any:
        async def guarded(request: Request) -> Response:
            try:
                self._authenticate(request)
                response: Response = await answer(request)
                return response
            except Refusal as refusal:
                return refusal.response()

        return guarded

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        wanted = base64.b64encode(f"{self._account}:{self._token}".encode())
        if scheme.lower() != "basic" or not hmac.compare_digest(given.encode(), wanted):
            raise Refusal(20003, "Authenticate", 401)
        if request.path_params.get("account", self._account) != self._account:
            raise self._not_found(request)

    def _not_found(self, request: Request) -> Refusal:
        return Refusal(20404, f"The requested resource {request.url.path} was not found", 404)

    async def _create(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form(max_fields=100)).items()}
        message = self._checked(form)
        self._remember(message)
        task = asyncio.create_task(self._life(message))
        self._lives.add(task)
        task.add_done_callback(self._lives.discard)
        return JSONResponse(message.shown(self._account), 201)

    def _checked(self, form: Mapping[str, str]) -> Sms:
        """The message a request asks for; raises the Refusal Twilio would answer with."""
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        on_whatsapp = to.startswith("whatsapp:")
        if not to:
            raise Refusal(21604, "A 'To' phone number is required.")
        if not sender:
            raise Refusal(21603, "A 'From' phone number is required.")
        if sender.startswith("whatsapp:") != on_whatsapp:
            raise Refusal(21910, "Invalid From and To pair. From and To should be of the same channel")
        if sender not in self._senders:
            missing = (63007, "Twilio could not find a Channel with the specified From address")
            raise Refusal(*missing) if on_whatsapp else Refusal(21606, f"The 'From' phone number provided ({sender}) is not valid.")
        if not NUMBER.fullmatch(to.removeprefix("whatsapp:")):
            raise Refusal(21211, f"Invalid 'To' Phone Number: {to}")
        if (sender, to) in self._stopped:
            raise Refusal(21610, "Attempt to send to unsubscribed recipient")
        content = self._content_for(form, on_whatsapp)
        if content is None and not body:
            raise Refusal(21602, "Message body is required.")
        if len(body) > TEXT_LIMIT:
            raise Refusal(21617, "The concatenated message body exceeds the 1600 character limit")
        callback = form.get("StatusCallback", "")
        if callback and not callback.startswith(("http://", "https://")):
            raise Refusal(21609, f"The StatusCallback URL {callback} is not a valid url")
        now = self._clock()
        if on_whatsapp and now - self._last_inbound.get(to, now - 2 * WINDOW) > WINDOW:
            raise Refusal(63016, "Failed to send freeform message because you are outside the allowed window.")
        words = content.body if content else body
        return Sms(self.new_sid(), sender, to, words, "outbound-api", "queued", now, callback=callback, content=content)

    def _content_for(self, form: Mapping[str, str], on_whatsapp: bool) -> Content | None:
        sid = form.get("ContentSid", "")
        if not sid:
            return None
        content = self._contents.get(sid)
        if content is None:
            raise Refusal(21655, "The ContentSid is Invalid")
        if not on_whatsapp and content.choices:
            raise Refusal(63030, "Unsupported parameter for type of channels message")
        if content.kind == "twilio/quick-reply" and len(content.choices) > UNAPPROVED_BUTTONS:
            raise Refusal(63013, "A quick reply without approval carries three buttons at most")
        return content

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        try:
            size, page = min(int(query.get("PageSize", PAGE)), MOST_ON_A_PAGE), int(query.get("Page", 0))
            found = [message for message in reversed(self._messages.values()) if matches(message, query)]
        except ValueError:
            raise Refusal(20001, "Invalid parameter") from None
        shown = found[page * size : (page + 1) * size]
        # The address is built from what was asked: the client puts its own base before it.
        rest = {key: value for key, value in query.items() if key != "Page"}
        path = f"/{VERSION}/Accounts/{self._account}/Messages.json"
        following = f"{path}?{httpx.QueryParams({**rest, 'Page': str(page + 1)})}" if len(found) > (page + 1) * size else None
        return JSONResponse(
            {
                "messages": [message.shown(self._account) for message in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + len(shown) - 1,
                "uri": path,
                "first_page_uri": f"{path}?{httpx.QueryParams(rest)}",
                "next_page_uri": following,
                "previous_page_uri": None,
            }
        )

    async def _fetch(self, request: Request) -> Response:
        message = self._messages.get(request.path_params["sid"])
        if message is None:
            raise self._not_found(request)
        return JSONResponse(message.shown(self._account))

    async def _create_content(self, request: Request) -> Response:
        try:
            content = made(await request.json())
        except (ContentError, json.JSONDecodeError) as error:
            raise Refusal(20001, f"Invalid parameter: {error}") from None
        self._contents[content.sid] = content
        return JSONResponse(content.shown(self._account, self._clock()), 201)

    async def _fetch_content(self, request: Request) -> Response:
        content = self._contents.get(request.path_params["sid"])
        if content is None:
            raise self._not_found(request)
        return JSONResponse(content.shown(self._account, self._clock()))

    def _remember(self, message: Sms) -> None:
        self._messages[message.sid] = message
        if len(self._messages) > MESSAGES_KEPT:
            self._messages.popitem(last=False)

    # ------------------------------------------------------------------ what becomes of a message

    async def _life(self, message: Sms) -> None:
        """From queued to read, each step told to the status callback, in order."""
        await self._status(message, "queued")
        await asyncio.sleep(SENT_AFTER_S)
        message.sent = self._clock()
        there = self._handsets.arrived(message)
        await self._status(message, "sent")
        await asyncio.sleep(DELIVERED_AFTER_S)
        if not there:
            message.error = 63024 if message.on_whatsapp else 30003
            await self._status(message, "undelivered")
            return
        await self._status(message, "delivered")
        if message.on_whatsapp:
            await message.read.wait()
            await self._status(message, "read")

    def read(self, sid: str) -> None:
        """The person looked at it; only WhatsApp tells."""
        if message := self._messages.get(sid):
            message.read.set()

    async def _status(self, message: Sms, status: str) -> None:
        message.status = status
        if status != "queued":
            self._handsets.became(message)
        if not message.callback:
            return
        fields = {
            "SmsSid": message.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message.to,
            "From": message.sender,
            "MessageSid": message.sid,
            "AccountSid": self._account,
            "ApiVersion": VERSION,
        }
        if message.error:
            fields["ErrorCode"] = str(message.error)
        if message.on_whatsapp:
            fields |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to.removeprefix("whatsapp:")}
            fields["EventType"] = status.upper()
        await self._post(message.callback, fields, tries=1)

    # ------------------------------------------------------------------ messages from people

    @staticmethod
    def new_sid(media: bool = False) -> str:
        """The SID of a message that is about to be sent."""
        return f"{'MM' if media else 'SM'}{secrets.token_hex(16)}"

    async def receive(self, sid: str, sender: str, to: str, body: str, fields: Mapping[str, str]) -> bool:
        """A person writes: hands the message to the webhook; says whether it was taken. `fields` are those of its kind."""
        now = self._clock()
        self._remember(Sms(sid, sender, to, body, "inbound", "received", now, sent=now))
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self._account,
            "ApiVersion": VERSION,
            "SmsStatus": "received",
            "From": sender,
            "To": to,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": str(max(1, segments(body))),
            "ReferralNumMedia": "0",
        }
        if sender.startswith("whatsapp:"):
            self._last_inbound[sender] = now
            form |= {"WaId": sender.removeprefix("whatsapp:+"), "ProfileName": "", "MessageType": "text"}
        else:
            self._keywords(sender, to, body.strip().casefold())
        return await self._post(self._webhook, {**form, **fields}, TRIES)

    def _keywords(self, sender: str, to: str, word: str) -> None:
        """What Twilio does by itself on SMS, before anybody reads the message."""
        if word in STOP:
            self._stopped.add((to, sender))
            self._handsets.carrier(sender, "stop")
        elif word in START and (to, sender) in self._stopped:
            self._stopped.discard((to, sender))
            self._handsets.carrier(sender, "start")
        elif word in HELP:
            self._handsets.carrier(sender, "help")

    async def _post(self, url: str, fields: Mapping[str, str], tries: int) -> bool:
        """A signed webhook; the same idempotency token at each try. False when it was never taken."""
        headers = {
            "X-Twilio-Signature": str(self._signer.compute_signature(url, fields)),  # type: ignore[no-untyped-call]
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "User-Agent": "TwilioProxy/1.1",
        }
        for attempt in range(tries):
            if attempt:
                await asyncio.sleep(WAIT_S * 2**attempt)
            try:
                response = await self._client.post(url, data=dict(fields), headers=headers, timeout=TIME_LIMIT_S)
            except httpx.HTTPError:
                continue
            if response.status_code < 500:
                return response.is_success
        return False

    async def close(self) -> None:
        """Ends what still waits to be read."""
        for task in self._lives:
            task.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
