"""Our gateway as it runs in production: real HTTP, a real database, workers and senders, peers where providers stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.channels.base import ChannelName, Inbound
from bot.gateway.app import application
from bot.gateway.services import Services, build
from bot.settings import Settings
from bot.store.db import connect, migrate
from bot.store.tables import inbox, outbox
from tests.peers.emulate import ACCOUNT, SENDERS, TOKEN
from tests.peers.programs import address, bound, served
from tests.talk import RasaStandIn

BOT_TOKEN, SECRET = "123456789:" + "A" * 35, "a-secret_of-ours"


@dataclass
class Gateway:
    """A running gateway and what it keeps."""

    url: str
    services: Services
    rasa: RasaStandIn

    def kept(self, person: str = "") -> list[Inbound]:
        """The messages it stored (of one person), in order."""
        with self.services.engine.connect() as connection:
            ids = connection.scalars(select(inbox.c.id).order_by(inbox.c.id)).all()
        found = [self.services.inbox.kept(each) for each in ids]
        return [each for each in found if each is not None and person in ("", each.address)]

    def rows(self) -> list[Any]:
        """The outbox, in order."""
        with self.services.engine.connect() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.id)))

    def states(self) -> list[str]:
        """The outbox's states, in order."""
        return [row.state for row in self.rows()]

    def at_rest(self) -> bool:
        """True when nothing waits to be handled or sent."""
        return self.services.inbox.backlog()[0] == 0 and self.services.outbox.backlog()[0] == 0


@contextmanager
def opened(folder: Path, workers: bool = True, **changes: Any) -> Iterator[Gateway]:
    """A gateway with Twilio and Telegram on, until the end of the block. `changes` are settings by their variable's name."""
    made, rasa = bound(), RasaStandIn()
    with served(rasa.transport.app) as rasa_url:
        values = {
            "HEARTH_DATABASE_URL": f"sqlite:///{folder / 'hearth.db'}",
            "HEARTH_KEYSTORE_URL": f"sqlite:///{folder / 'keys.db'}",
            "HEARTH_SPOOL_DIR": folder / "spool",
            "HEARTH_PUBLIC_URL": address(made),
            "HEARTH_SECRET_KEYS": "k" * 40,
            "HEARTH_RASA_URL": rasa_url,
            "HEARTH_RASA_TOKEN": "a-token-for-the-stand-in",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_SMS_FROM": SENDERS[ChannelName.SMS],
            "TWILIO_WHATSAPP_FROM": SENDERS[ChannelName.WHATSAPP],
            "TWILIO_SMS_PER_SECOND": 1000,
            "TWILIO_WHATSAPP_PER_SECOND": 1000,
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            **changes,
        }
        settings = Settings(_env_file=None, **values)
        engine = connect(settings.database_url)
        migrate(engine)
        engine.dispose()
        services = build(settings)
        with served(application(services, workers), made) as url:
            yield Gateway(url, services, rasa)
        services.engine.dispose()
