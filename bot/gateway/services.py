"""Puts the gateway's parts together, once, from the settings. Everything else receives what it needs as arguments."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from bot.channels import telegram, twilio
from bot.channels.base import Capabilities, Channel, ChannelName
from bot.consent.desk import Desk, open_desk
from bot.consent.guard import Guard
from bot.consent.memory import RasaMemory
from bot.consent.reminders import Reminders
from bot.consent.talk import PrivateTalk
from bot.gateway.commit import Committer
from bot.gateway.contacts import Contacts
from bot.gateway.contents import Contents
from bot.gateway.inbox import Inbox
from bot.gateway.limits import Limits
from bot.gateway.loop import Wake
from bot.gateway.outbox import Outbox
from bot.gateway.rasa import Rasa
from bot.gateway.sender import Sender
from bot.gateway.spool import Spool
from bot.gateway.stages.choice import ChoiceStage
from bot.gateway.stages.crisis import CrisisStage
from bot.gateway.stages.dialogue import DialogueStage
from bot.gateway.stages.locale import LocaleStage
from bot.gateway.stages.media import MediaStage
from bot.gateway.stages.optout import OptOutStage, load_words
from bot.gateway.stages.owner import OwnerStage
from bot.gateway.stages.quick_exit import QuickExitStage
from bot.gateway.stages.secret import SecretStage
from bot.gateway.stages.throttle import ThrottleStage
from bot.gateway.turn import Stage
from bot.gateway.upkeep import Upkeep
from bot.gateway.worker import Worker
from bot.i18n.answers import Answers
from bot.i18n.detect import Detector
from bot.programme import Programme
from bot.safety.recogniser import Recogniser
from bot.settings import ROOT, Settings
from bot.store.db import check_schema, connect
from bot.store.seal import Sealer

CAPABILITIES: dict[ChannelName, Capabilities] = {
    ChannelName.SMS: twilio.SMS,
    ChannelName.WHATSAPP: twilio.WHATSAPP,
    ChannelName.TELEGRAM: telegram.TELEGRAM,
}
SENDERS_A_CHANNEL, WORKERS = 3, 4


def utc_now() -> datetime:
    """The clock of the running service."""
    return datetime.now(UTC)


@dataclass
class Services:
    """The parts of one gateway process."""

    settings: Settings
    engine: Engine
    keystore: Engine
    sealer: Sealer
    inbox: Inbox
    outbox: Outbox
    spool: Spool
    contacts: Contacts
    answers: Answers
    rasa: Rasa
    channels: dict[ChannelName, Channel]
    telegram: telegram.TelegramChannel | None
    workers: list[Worker]
    senders: list[Sender]
    upkeep: Upkeep
    wake: Wake
    clock: Callable[[], datetime]


def build(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Services:
    """Checks the settings and the schema, then builds; raises SettingsError, SchemaError or ProgrammeError."""
    settings.check()
    engine = connect(settings.database_url)
    check_schema(engine)
    sealer = Sealer(settings.keys)
    answers = Answers.load(ROOT, Programme.load(settings.programme))
    keystore = connect(settings.keystore_url)
    desk = open_desk(engine, keystore, sealer, answers)
    templates, memory = settings.whatsapp_templates, RasaMemory(settings.rasa_url, settings.rasa_token.get_secret_value())
    reminders = Reminders(engine, desk.vault, answers, CAPABILITIES, desk.cases, desk.ledger, templates)
    inbox, outbox = Inbox(engine, sealer, desk.vault), Outbox(engine, desk.vault, Guard(desk).allows)
    rasa = Rasa(settings.rasa_url, settings.rasa_token.get_secret_value())
    channels, telegram_channel = _channels(settings, engine, clock)
    detector, recogniser = Detector.load(ROOT / "data" / "nlu"), Recogniser.load(ROOT / "data" / "safety")
    wake, wake_senders = Wake(), {name: Wake() for name in channels}
    committer, limits, contacts = Committer(engine, desk.vault, outbox), Limits(_rates(settings)), Contacts(engine)
    worker = Worker(
        inbox,
        committer,
        stages(answers, inbox, rasa, detector, recogniser, desk),
        answers,
        CAPABILITIES,
        clock,
        wake,
        wake_senders,
    )
    senders = [
        Sender(outbox, contacts, channel, limits, clock, wake_senders[name], random.Random())
        for name, channel in channels.items()
        for _ in range(SENDERS_A_CHANNEL)
    ]
    return Services(
        settings=settings,
        engine=engine,
        keystore=keystore,
        sealer=sealer,
        inbox=inbox,
        outbox=outbox,
        spool=Spool(settings.spool_dir, sealer, settings.spool_limit_mb * 1024 * 1024),
        answers=answers,
        rasa=rasa,
        channels=channels,
        telegram=telegram_channel,
        workers=[worker] * WORKERS,
        senders=senders,
        contacts=contacts,
        upkeep=Upkeep(engine, keystore, reminders, desk.erasures, memory, clock),
        wake=wake,
        clock=clock,
    )


def _rates(settings: Settings) -> dict[ChannelName, float]:
    return {ChannelName.SMS: settings.sms_per_second, ChannelName.WHATSAPP: settings.whatsapp_per_second}


def stages(answers: Answers, inbox: Inbox, rasa: Rasa, detector: Detector, recogniser: Recogniser, desk: Desk) -> list[Stage]:
    """Nothing comes before danger but knowing which language and choice it is."""
    words, private = load_words(ROOT / "data" / "keywords.yml"), PrivateTalk(desk)
    return [
        ChoiceStage(),
        LocaleStage(answers, detector, inbox),
        CrisisStage(answers, recogniser),
        OptOutStage(answers, words),
        OwnerStage(),
        QuickExitStage(answers, desk, words),
        ThrottleStage(answers, inbox),
        MediaStage(answers),
        SecretStage(private),
        DialogueStage(answers, rasa, private),
    ]


def _channels(
    settings: Settings, engine: Engine, clock: Callable[[], datetime]
) -> tuple[dict[ChannelName, Channel], telegram.TelegramChannel | None]:
    channels: dict[ChannelName, Channel] = {}
    if settings.twilio_on:
        client = twilio.client(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value(), settings.twilio_api_base)
        pool, contents = ThreadPoolExecutor(8, "twilio"), Contents(engine, clock)
        senders = {ChannelName.SMS: settings.twilio_sms_from, ChannelName.WHATSAPP: settings.twilio_whatsapp_from}
        for name, sender in senders.items():
            if sender:
                channels[name] = twilio.TwilioChannel(name, client, sender, settings.public_url, contents, pool)
    if not settings.telegram_on:
        return channels, None
    bot = telegram.TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base)
    channels[ChannelName.TELEGRAM] = bot
    return channels, bot
