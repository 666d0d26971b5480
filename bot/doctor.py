"""What is commonly wrong after an installation, each with how to mend it: `hearth doctor`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from sqlalchemy.exc import SQLAlchemyError

from bot.demo.training import MODEL, RASA, STAMP, fingerprint
from bot.programme import Programme, ProgrammeError
from bot.settings import Settings, SettingsError
from bot.store.db import SchemaError, check_schema, connect


def findings(settings: Settings) -> list[str]:
    """One line a finding; nothing is changed and nothing secret is shown."""
    return [*_settings(settings), *_database(settings), *_model(), *_neighbours(settings)]


def _settings(settings: Settings) -> Iterator[str]:
    try:
        settings.check()
    except SettingsError as error:
        yield str(error)
    if not settings.twilio_on and not settings.telegram_on:
        yield "No channel is configured: set Twilio's or Telegram's settings, see .env.example."
    if settings.twilio_on and not settings.twilio_api_base and not settings.public_url.startswith("https://"):
        yield "HEARTH_PUBLIC_URL is not https://: Twilio signs the public address, so every message would be refused."
    try:
        programme = Programme.load(settings.programme)
    except ProgrammeError as error:
        yield str(error)
        return
    for country, office in programme.offices.items():
        told = " ".join(str(office.get(key) or "") for key in ("phone", "email", "address"))
        if any(sign in told for sign in ("555 01", "example.org", " Example ")):
            yield f"programme.yml: the office {country} still has example details; people would be given them."


def _database(settings: Settings) -> Iterator[str]:
    try:
        check_schema(connect(settings.database_url))
    except SchemaError as error:
        yield str(error)
    except SQLAlchemyError as error:
        yield f"The database does not answer ({type(error).__name__}): check HEARTH_DATABASE_URL and that its server runs."


def _model() -> Iterator[str]:
    if not RASA.exists():
        yield "Rasa's environment is missing: run `make setup`."
    if not MODEL.exists():
        yield "There is no trained model: run `make train`."
    elif not STAMP.exists() or STAMP.read_text() != fingerprint():
        yield "The training data changed since the model was trained: run `make train`."


def _neighbours(settings: Settings) -> Iterator[str]:
    for name, url in (("Rasa", settings.rasa_url), ("The action server", f"{settings.actions_url}/health")):
        try:
            httpx.get(url, timeout=3)
        except httpx.HTTPError:
            yield f"{name} does not answer at {url}: is it running?"
