"""The doors for providers. Each answers only after the message is kept, and never waits for Rasa or a send.

Refusals: 404 channel off, 415 not a form, 413 too large, 400 malformed, 403 not signed by the provider, 503 nowhere to
keep the message (the provider comes again). A Telegram update we cannot read is answered 200 and logged: refusing it
would block that person's queue for a day.
"""

from __future__ import annotations

import asyncio
import json
import time
from urllib.parse import parse_qsl

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels import telegram, twilio
from bot.channels.base import Kind, Outcome
from bot.channels.twilio_errors import CODES as CODES_OF_ERRORS
from bot.gateway.intake import Intake
from bot.gateway.metrics import WEBHOOK_SECONDS, WEBHOOKS
from bot.gateway.services import Services
from bot.gateway.spool import SpoolFull
from bot.i18n.languages import CODES, DEFAULT

log = structlog.get_logger()
MAX_BODY = 256 * 1024
MAX_FIELDS = 500
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Refused(Exception):
    """The call is not taken; carries the status and a reason for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused(413, "too large")
    return body


class Webhooks:
    """The three routes the providers call."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services, self._intake = services, intake
        self._background: set[asyncio.Task[None]] = set()

    async def twilio(self, request: Request) -> Response:
        """`POST /webhooks/twilio`: a message on SMS or WhatsApp."""
        return await self._answer("twilio", request, self._twilio_message)

    async def twilio_status(self, request: Request) -> Response:
        """`POST /webhooks/twilio/status`: what became of a message of ours."""
        return await self._answer("twilio-status", request, self._twilio_status)

    async def telegram(self, request: Request) -> Response:
        """`POST /webhooks/telegram`: an update."""
        return await self._answer("telegram", request, self._telegram_update)

    async def _answer(self, channel: str, request: Request, handle) -> Response:  # type: ignore[no-untyped-def]
        started = time.perf_counter()
        try:
            result, response = await handle(request)
        except Refused as refusal:
            log.warning("webhook refused", channel=channel, reason=refusal.reason)
            result, response = refusal.reason, PlainTextResponse(refusal.reason, refusal.status)
        except SpoolFull:
            log.critical("nowhere to keep a message", channel=channel)
            result, response = "full", PlainTextResponse("try again", 503, {"Retry-After": "30"})
        except SQLAlchemyError as error:
            log.error("database unavailable", channel=channel, kind=type(error).__name__)
            result, response = "unavailable", PlainTextResponse("try again", 503, {"Retry-After": "5"})
        WEBHOOKS.labels(channel, result).inc()
        WEBHOOK_SECONDS.labels(channel).observe(time.perf_counter() - started)
        return response  # type: ignore[no-any-return]

    async def _form(self, request: Request) -> ImmutableMultiDict[str, str]:
        settings = self._services.settings
        if not settings.twilio_on:
            raise Refused(404, "off")
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
            raise Refused(415, "not a form")
        body = await _body(request)
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise Refused(400, "malformed") from None
        form = ImmutableMultiDict(pairs)
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{settings.public_url.rstrip('/')}{request.scope['raw_path'].decode('ascii').split('?')[0]}{query}"
        signature = request.headers.get("x-twilio-signature", "")
        if not twilio.verify(url, form, signature, settings.twilio_auth_token.get_secret_value()):
            raise Refused(403, "not signed")
        if form.get("AccountSid") != settings.twilio_account_sid:
            raise Refused(403, "other account")
        return form

    async def _twilio_message(self, request: Request) -> tuple[str, Response]:
        form = await self._form(request)
        try:
            inbound = twilio.parse(form)
        except KeyError:
            raise Refused(400, "malformed") from None
        return await self._intake.keep(inbound), Response(EMPTY_TWIML, media_type="text/xml")

    async def _twilio_status(self, request: Request) -> tuple[str, Response]:
        form = await self._form(request)
        reference = request.query_params.get("o", "")
        if not reference.isdecimal() or "MessageSid" not in form:
            return "unknown", Response(status_code=204)
        status, code = form.get("MessageStatus", ""), form.get("ErrorCode", "")
        outbox = self._services.outbox
        now = self._services.clock()
        talk = await asyncio.to_thread(outbox.status, int(reference), form["MessageSid"], status, code, now)
        if talk and code.isdecimal() and CODES_OF_ERRORS.get(int(code)) is Outcome.OPTED_OUT:
            await asyncio.to_thread(self._services.contacts.send_failed, talk, Outcome.OPTED_OUT, now)
        return ("joined" if talk else "unknown"), Response(status_code=204)

    async def _telegram_update(self, request: Request) -> tuple[str, Response]:
        channel = self._services.telegram
        if channel is None:
            raise Refused(404, "off")
        secret = self._services.settings.telegram_webhook_secret.get_secret_value()
        if not telegram.verify(request.headers.get("x-telegram-bot-api-secret-token", ""), secret):
            raise Refused(403, "not signed")
        body = await _body(request)
        try:
            inbound = telegram.parse(json.loads(body))
        except Exception as error:  # whatever is wrong with it, refusing it would block this person's queue for a day
            log.error("unreadable update", kind=type(error).__name__)
            return "unreadable", Response(status_code=200)
        if inbound is None:
            return "ignored", Response(status_code=200)
        if inbound.kind is Kind.GROUP:
            hint = inbound.language_hint[:2]
            word = self._services.answers.render("utter_group", hint if hint in CODES else DEFAULT).text
            self._later(channel.leave(inbound.address, word))
            return "group", Response(status_code=200)
        result = await self._intake.keep(inbound)
        if inbound.kind is Kind.TAP:
            self._later(channel.acknowledge(inbound.extra["callback_id"]))
        return result, Response(status_code=200)

    def _later(self, work) -> None:  # type: ignore[no-untyped-def]
        """Runs what may fail harmlessly after the answer."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
