"""Tells the providers where we are: `hearth webhooks set`."""

from __future__ import annotations

import asyncio

from telegram.error import TelegramError

from bot.channels.telegram import ALLOWED_UPDATES, TelegramChannel
from bot.settings import Settings, SettingsError


def set_webhooks(settings: Settings) -> list[str]:
    """Sets Telegram's webhook where it differs; returns lines for the operator. Raises SettingsError."""
    settings.check()
    lines = []
    base = settings.public_url.rstrip("/")
    if settings.twilio_on:
        lines.append(
            "Twilio: open the number (or the WhatsApp sender) in Twilio's console and enter for incoming messages, HTTP POST:"
        )
        lines.append(f"  {base}/webhooks/twilio#rc=3&rp=5xx,ct,rt&rt=5000")
    if settings.telegram_on:
        if not base.startswith("https://") and not settings.telegram_api_base:
            raise SettingsError("Telegram takes https:// addresses only: set HEARTH_PUBLIC_URL to the public one.")
        lines.append(asyncio.run(_telegram(settings, f"{base}/webhooks/telegram")))
    return lines or ["No channel is configured: see .env.example."]


async def _telegram(settings: Settings, url: str) -> str:
    bot = TelegramChannel(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_base).bot
    try:
        await bot.set_webhook(
            url,
            secret_token=settings.telegram_webhook_secret.get_secret_value(),
            allowed_updates=ALLOWED_UPDATES,
            max_connections=40,
        )
    except TelegramError as error:
        raise SettingsError(f"Telegram refused the webhook: {error.message}") from None
    return f"Telegram: messages come to {url}"
