"""Every setting of the gateway, read from the environment in this one place.

A channel is on when all its secrets are set, off when none is, and stops the start with one clear line when only some
are: a half-configured channel would lose messages silently.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.i18n.languages import CODES

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting is missing or contradicts another; the text is one line that says what to do."""


class Settings(BaseSettings):
    """The environment (`.env` in the working directory is read too)."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    database_url: str = Field(f"sqlite:///{ROOT / 'var' / 'hearth.db'}", alias="HEARTH_DATABASE_URL")
    keystore_url: str = Field(f"sqlite:///{ROOT / 'var' / 'keys.db'}", alias="HEARTH_KEYSTORE_URL")
    redis_url: str | None = Field(None, alias="HEARTH_REDIS_URL")
    public_url: str = Field("http://127.0.0.1:8000", alias="HEARTH_PUBLIC_URL")
    secret_keys: SecretStr = Field(SecretStr(""), alias="HEARTH_SECRET_KEYS")
    rasa_url: str = Field("http://127.0.0.1:5005", alias="HEARTH_RASA_URL")
    rasa_token: SecretStr = Field(SecretStr(""), alias="HEARTH_RASA_TOKEN")
    actions_url: str = Field("http://127.0.0.1:5055", alias="HEARTH_ACTIONS_URL")
    programme: Path = Field(ROOT / "programme.yml", alias="HEARTH_PROGRAMME")
    spool_dir: Path = Field(ROOT / "var" / "spool", alias="HEARTH_SPOOL_DIR")
    spool_limit_mb: int = Field(64, alias="HEARTH_SPOOL_LIMIT_MB")

    cases_source: Literal["tables", "primero"] = Field("tables", alias="HEARTH_CASES_SOURCE")
    primero_url: str = Field("", alias="HEARTH_PRIMERO_URL")
    primero_user: str = Field("", alias="HEARTH_PRIMERO_USER")
    primero_password: SecretStr = Field(SecretStr(""), alias="HEARTH_PRIMERO_PASSWORD")

    twilio_account_sid: str = Field("", alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr = Field(SecretStr(""), alias="TWILIO_AUTH_TOKEN")
    twilio_sms_from: str = Field("", alias="TWILIO_SMS_FROM")
    twilio_whatsapp_from: str = Field("", alias="TWILIO_WHATSAPP_FROM")
    twilio_api_base: str = Field("", alias="TWILIO_API_BASE")
    sms_per_second: float = Field(1.0, alias="TWILIO_SMS_PER_SECOND", gt=0)
    whatsapp_per_second: float = Field(80.0, alias="TWILIO_WHATSAPP_PER_SECOND", gt=0)
    telegram_bot_token: SecretStr = Field(SecretStr(""), alias="TELEGRAM_BOT_TOKEN")
    telegram_webhook_secret: SecretStr = Field(SecretStr(""), alias="TELEGRAM_WEBHOOK_SECRET")
    telegram_api_base: str = Field("", alias="TELEGRAM_API_BASE")

    keep_messages_days: int = Field(180, alias="HEARTH_KEEP_MESSAGES_DAYS", ge=1)
    keep_closed_cases_days: int = Field(365, alias="HEARTH_KEEP_CLOSED_CASES_DAYS", ge=1)
    keep_audit_days: int = Field(2555, alias="HEARTH_KEEP_AUDIT_DAYS", ge=1)
    whatsapp_templates_json: str = Field("", alias="HEARTH_WHATSAPP_TEMPLATES")

    @cached_property
    def whatsapp_templates(self) -> dict[str, str]:
        """WhatsApp's approved reminders: language ("en"), or language and "-today", to ContentSid. Raises SettingsError."""
        try:
            found = json.loads(self.whatsapp_templates_json or "{}")
        except ValueError:
            found = None
        known = {*CODES, *(f"{code}-today" for code in CODES)}
        if not isinstance(found, dict) or not found.keys() <= known or not all(str(sid).startswith("HX") for sid in found.values()):
            raise SettingsError(
                'HEARTH_WHATSAPP_TEMPLATES must look like {"en": "HX...", "en-today": "HX...", "es": "HX..."}; see .env.example.'
            )
        return {str(locale): str(sid) for locale, sid in found.items()}

    @cached_property
    def keys(self) -> list[str]:
        """The sealing keys, newest first; raises SettingsError when there is none or one is short."""
        keys = [key.strip() for key in self.secret_keys.get_secret_value().split(",") if key.strip()]
        if not keys:
            raise SettingsError("HEARTH_SECRET_KEYS is not set: put a long random text there, e.g. from `openssl rand -hex 32`.")
        if any(len(key) < 32 for key in keys):
            raise SettingsError("HEARTH_SECRET_KEYS: each key needs at least 32 characters, e.g. from `openssl rand -hex 32`.")
        return keys

    @property
    def twilio_on(self) -> bool:
        """True when Twilio is configured for SMS or WhatsApp (or both)."""
        return bool(self.twilio_account_sid)

    @property
    def telegram_on(self) -> bool:
        """True when the Telegram bot is configured."""
        return bool(self.telegram_bot_token.get_secret_value())

    def check_cases(self) -> None:
        """Raises SettingsError when the source of cases is half configured, or its password would travel in the open."""
        primero = (self.primero_url, self.primero_user, self.primero_password.get_secret_value())
        if self.cases_source == "primero" and not all(primero):
            raise SettingsError(
                "HEARTH_CASES_SOURCE is primero: set HEARTH_PRIMERO_URL, HEARTH_PRIMERO_USER and HEARTH_PRIMERO_PASSWORD too."
            )
        if self.cases_source == "tables" and any(primero):
            raise SettingsError("Primero is configured but not used: set HEARTH_CASES_SOURCE=primero, or take its settings out.")
        here = self.primero_url.startswith(("http://127.0.0.1:", "http://localhost:"))
        if self.primero_url and not here and not self.primero_url.startswith("https://"):
            raise SettingsError("HEARTH_PRIMERO_URL must begin with https:// (http:// only for this very machine).")

    def check(self) -> None:
        """Raises SettingsError for anything that would make the service lose or leak messages."""
        _ = self.keys
        self.check_cases()
        token = self.twilio_auth_token.get_secret_value()
        senders = self.twilio_sms_from or self.twilio_whatsapp_from
        if any((self.twilio_account_sid, token, senders)) and not all((self.twilio_account_sid, token, senders)):
            raise SettingsError(
                "Twilio is half configured: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and at least one of TWILIO_SMS_FROM and "
                "TWILIO_WHATSAPP_FROM, or none of them."
            )
        if self.twilio_whatsapp_from and not self.twilio_whatsapp_from.startswith("whatsapp:+"):
            raise SettingsError("TWILIO_WHATSAPP_FROM must look like whatsapp:+15551234567.")
        telegram = (self.telegram_bot_token.get_secret_value(), self.telegram_webhook_secret.get_secret_value())
        if any(telegram) and not all(telegram):
            raise SettingsError(
                "Telegram is half configured: set both TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET, or neither of them."
            )
        if len(self.rasa_token.get_secret_value()) < 16:
            raise SettingsError(
                "HEARTH_RASA_TOKEN is not set (16 characters or more): choose a random text and give Rasa the same one."
            )
        if not self.public_url.startswith(("http://", "https://")):
            raise SettingsError("HEARTH_PUBLIC_URL must begin with https:// (or http:// on one machine).")
