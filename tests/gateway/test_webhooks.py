"""The doors for providers, over HTTP: what is taken, what is refused and with which answer, and that nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import event, func, select, text
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from bot.channels.base import Part
from bot.channels.twilio import parse
from bot.gateway import outbox as outgoing
from bot.gateway.app import application
from bot.gateway.intake import Intake
from bot.gateway.services import Services, build
from bot.settings import Settings
from bot.store.db import connect, migrate
from bot.store.tables import conversation, inbox, outbox
from bot.store.vault import Vault

pytestmark = pytest.mark.anyio
SID, TOKEN, SECRET = "AC" + "1" * 32, "twilio-token", "telegram-secret"
PUBLIC = "https://hearth.example.org"


def settings(tmp_path: Path, **changes: Any) -> Settings:
    values = {
        "HEARTH_DATABASE_URL": f"sqlite:///{tmp_path / 'hearth.db'}",
        "HEARTH_KEYSTORE_URL": f"sqlite:///{tmp_path / 'keys.db'}",
        "HEARTH_SPOOL_DIR": tmp_path / "spool",
        "HEARTH_PUBLIC_URL": PUBLIC,
        "HEARTH_SECRET_KEYS": "k" * 40,
        "HEARTH_RASA_TOKEN": "t" * 16,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SMS_FROM": "+15551234567",
        "TWILIO_WHATSAPP_FROM": "whatsapp:+15557654321",
        "TELEGRAM_BOT_TOKEN": "123456:" + "a" * 35,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        **changes,
    }
    return Settings(_env_file=None, **values)  # type: ignore[call-arg]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    wanted = settings(tmp_path)
    migrate(connect(wanted.database_url))
    return build(wanted)


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(services, workers=False), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        yield client


def form(**changes: str) -> dict[str, str]:
    return {
        "MessageSid": "SM" + "2" * 32,
        "AccountSid": SID,
        "From": "+639170000000",
        "To": "+15551234567",
        "Body": "hello",
        **changes,
    }


def signed(path: str, fields: dict[str, str] | list[tuple[str, str]], token: str = TOKEN) -> dict[str, str]:
    pairs = fields if isinstance(fields, list) else list(fields.items())
    signature = RequestValidator(token).compute_signature(PUBLIC + path, ImmutableMultiDict(pairs))
    return {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}


def stored(services: Services) -> int:
    with services.engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(inbox)) or 0)


async def test_a_signed_message_is_stored_once_and_answered_with_empty_twiml(client: httpx.AsyncClient, services: Services) -> None:
    for _ in range(3):
        answer = await client.post("/webhooks/twilio", content=urlencode(form()), headers=signed("/webhooks/twilio", form()))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
        assert "<Response" in answer.text
    assert stored(services) == 1


async def test_spaces_emoji_repeated_and_unknown_fields_do_not_break_the_signature(
    client: httpx.AsyncClient, services: Services
) -> None:
    fields = [*form(Body="  Grüße 👩‍👩‍👧  ", New="x").items(), ("Twice", "b"), ("Twice", "a")]
    answer = await client.post("/webhooks/twilio", content=urlencode(fields), headers=signed("/webhooks/twilio", fields))
    assert answer.status_code == 200
    assert stored(services) == 1


@pytest.mark.parametrize("forged", [b"", b"x", b"\xc3\xbc", b"AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
async def test_an_unsigned_or_forged_message_is_refused(client: httpx.AsyncClient, services: Services, forged: bytes) -> None:
    headers = {b"Content-Type": b"application/x-www-form-urlencoded", b"X-Twilio-Signature": forged}
    answer = await client.post("/webhooks/twilio", content=urlencode(form()), headers=headers)
    assert answer.status_code == 403
    assert stored(services) == 0


async def test_a_signature_for_other_words_another_path_or_account_is_refused(
    client: httpx.AsyncClient, services: Services
) -> None:
    headers = signed("/webhooks/twilio", form())
    assert (await client.post("/webhooks/twilio", content=urlencode(form(Body="other")), headers=headers)).status_code == 403
    assert (await client.post("/webhooks/twilio?x=1", content=urlencode(form()), headers=headers)).status_code == 403
    other = form(AccountSid="AC" + "9" * 32)
    assert (
        await client.post("/webhooks/twilio", content=urlencode(other), headers=signed("/webhooks/twilio", other))
    ).status_code == 403
    assert stored(services) == 0


async def test_a_query_is_part_of_what_is_signed(client: httpx.AsyncClient, services: Services) -> None:
    path = "/webhooks/twilio?a=1&b=%C3%BC"
    assert (await client.post(path, content=urlencode(form()), headers=signed(path, form()))).status_code == 200


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
async def test_anything_but_a_form_is_refused(client: httpx.AsyncClient, kind: str) -> None:
    assert (await client.post("/webhooks/twilio", content=b"x", headers={"Content-Type": kind})).status_code == 415


async def test_too_large_and_too_many_fields_are_refused(client: httpx.AsyncClient, services: Services) -> None:
    headers = signed("/webhooks/twilio", form())
    assert (await client.post("/webhooks/twilio", content=b"a=" + b"x" * 300_000, headers=headers)).status_code == 413
    many = "&".join(f"f{n}=1" for n in range(2000))
    assert (await client.post("/webhooks/twilio", content=many, headers=headers)).status_code == 400
    assert (await client.post("/webhooks/twilio", content=b"a=\xff\xfe", headers=headers)).status_code in (400, 403)
    assert stored(services) == 0


async def test_a_signed_form_without_its_keys_is_malformed(client: httpx.AsyncClient) -> None:
    fields = {"AccountSid": SID, "Body": "x"}
    answer = await client.post("/webhooks/twilio", content=urlencode(fields), headers=signed("/webhooks/twilio", fields))
    assert answer.status_code == 400


async def test_an_unset_channel_answers_404(tmp_path: Path) -> None:
    off = dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_SMS_FROM", "TWILIO_WHATSAPP_FROM"), "")
    off |= {"TELEGRAM_BOT_TOKEN": "", "TELEGRAM_WEBHOOK_SECRET": ""}
    wanted = settings(tmp_path, **off)
    migrate(connect(wanted.database_url))
    transport = httpx.ASGITransport(application(build(wanted), workers=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        for path in ("/webhooks/twilio", "/webhooks/twilio/status", "/webhooks/telegram"):
            assert (await client.post(path, content=b"{}")).status_code == 404


def update(number: int = 1, **content: Any) -> dict[str, Any]:
    user = {"id": 42, "is_bot": False, "first_name": "A"}
    body = {"message_id": number, "date": 1790000000, "from": user, "chat": {"id": 42, "type": "private"}, "text": "hi", **content}
    return {"update_id": number, "message": body}


async def test_a_telegram_update_needs_the_secret_and_is_stored_once(client: httpx.AsyncClient, services: Services) -> None:
    right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    assert (await client.post("/webhooks/telegram", json=update())).status_code == 403
    assert (
        await client.post("/webhooks/telegram", json=update(), headers={"X-Telegram-Bot-Api-Secret-Token": "no"})
    ).status_code == 403
    for _ in range(2):
        assert (await client.post("/webhooks/telegram", json=update(), headers=right)).status_code == 200
    assert stored(services) == 1


@pytest.mark.parametrize(
    "poison",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"update_id": 1}',
        b'{"update_id": "x", "message": 5}',
        b'{"message": {"text": "x"}}',
        b"[" * 90_000,
    ],
)
async def test_a_poisoned_update_is_acknowledged_so_that_the_persons_queue_goes_on(
    client: httpx.AsyncClient, services: Services, poison: bytes
) -> None:
    answer = await client.post("/webhooks/telegram", content=poison, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
    assert answer.status_code == 200
    assert stored(services) == 0


async def test_what_is_said_in_a_group_is_never_stored(client: httpx.AsyncClient, services: Services) -> None:
    group = update(text="secret", chat={"id": -1, "type": "supergroup", "title": "t"})
    left: list[str] = []

    async def leave(chat_id: str, word: str) -> None:
        assert "secret" not in word
        left.append(chat_id)

    assert services.telegram is not None
    services.telegram.leave = leave  # type: ignore[method-assign]
    assert (
        await client.post("/webhooks/telegram", json=group, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
    ).status_code == 200
    await asyncio.sleep(0.01)
    assert left == ["-1"]
    assert stored(services) == 0


async def test_while_the_database_is_locked_messages_are_spooled_sealed_and_come_back_in_order(
    client: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    blocker = connect(f"sqlite:///{tmp_path / 'hearth.db'}").connect()
    blocker.execute(text("SELECT 1"))  # holds the write lock: every transaction here begins immediately
    services.engine.dispose()
    original = services.inbox._engine
    services.inbox._engine = _impatient(tmp_path)
    try:
        for number in range(3):
            fields = form(MessageSid=f"SM{number:032d}", Body=f"hello {number}")
            answer = await client.post("/webhooks/twilio", content=urlencode(fields), headers=signed("/webhooks/twilio", fields))
            assert answer.status_code == 200
        files = sorted((tmp_path / "spool").glob("*.sealed"))
        assert len(files) == 3
        assert all(b"hello" not in file.read_bytes() for file in files)
    finally:
        blocker.rollback()
        services.inbox._engine = original
    assert services.spool.drain(services.inbox.store) == 3
    with services.engine.connect() as connection:
        ids = connection.scalars(select(inbox.c.provider_message_id).order_by(inbox.c.id)).all()
    assert list(ids) == [f"SM{number:032d}" for number in range(3)]
    assert services.spool.size() == 0


def _impatient(tmp_path: Path) -> Any:
    from sqlalchemy import create_engine, event

    engine = create_engine(f"sqlite:///{tmp_path / 'hearth.db'}", connect_args={"timeout": 0.1})

    def immediate(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def ours(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    event.listen(engine, "connect", ours)
    event.listen(engine, "begin", immediate)
    return engine


async def test_a_full_database_disk_spools_and_nothing_is_lost(client: httpx.AsyncClient, services: Services) -> None:
    with services.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))

    def full(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # SQLite then answers "database or disk is full"

    event.listen(services.engine, "connect", full)
    services.engine.dispose()
    results = []
    for number in range(12):
        fields = form(MessageSid=f"SM{number:032d}", Body="hello " * 200)
        answer = await client.post("/webhooks/twilio", content=urlencode(fields), headers=signed("/webhooks/twilio", fields))
        results.append(answer.status_code)
    assert set(results) == {200}
    spooled = len(list(services.spool._folder.glob("*.sealed")))
    assert spooled > 0
    event.remove(services.engine, "connect", full)
    services.engine.dispose()
    assert services.spool.drain(services.inbox.store) == spooled
    assert stored(services) == 12


async def test_with_nowhere_to_keep_a_message_the_provider_is_told_to_come_again(
    client: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    services.inbox._engine = connect(f"sqlite:///{tmp_path / 'missing-tables.db'}")
    services.spool._limit = 10
    answer = await client.post("/webhooks/twilio", content=urlencode(form()), headers=signed("/webhooks/twilio", form()))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_delivery_status_finds_its_message_by_the_id_in_its_address(client: httpx.AsyncClient, services: Services) -> None:
    await Intake(services).keep(parse(form()))
    with services.engine.begin() as connection:
        talk = connection.scalar(select(conversation.c.id))
        message = connection.scalar(select(inbox.c.id))
        vault = Vault(services.keystore, services.sealer)
        outgoing.add(connection, vault, str(talk), message, [Part("hi")], services.clock())
        number = connection.scalar(select(outbox.c.id))
    path = f"/webhooks/twilio/status?o={number}"
    for status in ("delivered", "sent", "delivered"):
        fields = {"AccountSid": SID, "MessageSid": "SM" + "7" * 32, "MessageStatus": status}
        assert (await client.post(path, content=urlencode(fields), headers=signed(path, fields))).status_code == 204
    with services.engine.connect() as connection:
        assert connection.scalar(select(outbox.c.state)) == "delivered"


async def test_health_ready_and_metrics_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "ok"
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["database"], ready.json()["rasa"]) == (503, True, False)
    assert ready.json()["keystore"] is True
    metrics = await client.get("/metrics")
    assert "hearth_inbox_waiting 0.0" in metrics.text


async def test_the_console_asks_for_a_name_and_password(client: httpx.AsyncClient, services: Services) -> None:
    from bot.console.people import add

    add(services.engine, "amina", "a long enough password", "caseworker", services.clock())
    assert (await client.get("/console/")).status_code == 303
    assert (await client.post("/console/sign-in", data={"name": "amina", "password": "wrong"})).status_code == 401
    assert (await client.post("/console/sign-in", data={"name": "nobody", "password": "wrong"})).status_code == 401
    secure = httpx.AsyncClient(transport=client._transport, base_url="https://inside")
    assert (await secure.post("/console/sign-in", data={"name": "amina", "password": "a long enough password"})).status_code == 303
    page = await secure.get("/console/")
    assert page.status_code == 200
    assert "amina" in page.text
    assert "script" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TWILIO_AUTH_TOKEN": ""}, "Twilio is half configured"),
        ({"TWILIO_SMS_FROM": "", "TWILIO_WHATSAPP_FROM": ""}, "Twilio is half configured"),
        ({"TELEGRAM_WEBHOOK_SECRET": ""}, "Telegram is half configured"),
        ({"HEARTH_SECRET_KEYS": ""}, "HEARTH_SECRET_KEYS is not set"),
        ({"HEARTH_SECRET_KEYS": "short"}, "32 characters"),
        ({"HEARTH_RASA_TOKEN": ""}, "HEARTH_RASA_TOKEN is not set"),
        ({"TWILIO_WHATSAPP_FROM": "+15551234567"}, "whatsapp:+"),
    ],
)
def test_a_half_set_configuration_stops_the_start_with_one_line(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    from bot.settings import SettingsError

    with pytest.raises(SettingsError) as stopped:
        settings(tmp_path, **changes).check()
    assert words in str(stopped.value)
    assert "\n" not in str(stopped.value)
