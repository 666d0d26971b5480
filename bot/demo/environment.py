"""The demo's own settings: ports, a folder of its own, secrets made once. Nothing of a real installation is touched.

HEARTH_DEMO_PORTS ("gateway=8001,rasa=5006,actions=5056,page=8081", any of them) moves the ports, HEARTH_DEMO_DIR the folder.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bot.settings import ROOT, SettingsError

HOST = "127.0.0.1"
SMS_FROM, WHATSAPP_FROM = "+12025550123", "whatsapp:+12025550199"
STAFF = "caseworker"


@dataclass(frozen=True)
class Ports:
    """Where each part listens, all on the loopback address."""

    page: int = 8080
    gateway: int = 8000
    rasa: int = 5005
    actions: int = 5055

    @classmethod
    def read(cls, text: str, page: int) -> Ports:
        """From HEARTH_DEMO_PORTS; a `page` other than the default counts more. Raises SettingsError."""
        ports = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, number = part.partition("=")
            if name.strip() not in asdict(ports) or not number.strip().isdecimal() or not 0 < int(number) < 65536:
                raise SettingsError(f"HEARTH_DEMO_PORTS: {part!r} should look like gateway=8001 (page, gateway, rasa, actions).")
            ports = replace(ports, **{name.strip(): int(number)})
        return ports if page == cls.page else replace(ports, page=page)

    def check_free(self) -> None:
        """Raises SettingsError with one line for the first port that another program holds."""
        for name, port in asdict(self).items():
            with socket.socket() as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    tried.bind((HOST, port))
                except OSError:
                    way = f"HEARTH_DEMO_PORTS={name}={port + 1}"
                    raise SettingsError(
                        f"Port {port} ({name}) is taken: stop the program that uses it, or start with {way} before the command."
                    ) from None


@dataclass(frozen=True)
class Secrets:
    """Made once and kept in env.json, which only its owner may read."""

    secret_key: str
    rasa_token: str
    twilio_sid: str
    twilio_token: str
    telegram_token: str
    telegram_secret: str
    staff_password: str

    @classmethod
    def made(cls) -> Secrets:
        """Fresh ones."""
        return cls(
            secret_key=secrets.token_hex(32),
            rasa_token=secrets.token_urlsafe(32),
            twilio_sid=f"AC{secrets.token_hex(16)}",
            twilio_token=secrets.token_hex(16),
            telegram_token=f"{10**9 + secrets.randbelow(9 * 10**9)}:{secrets.token_urlsafe(26)[:35]}",
            telegram_secret=secrets.token_urlsafe(32),
            staff_password=secrets.token_urlsafe(12),
        )

    @classmethod
    def kept(cls, folder: Path) -> Secrets:
        """Those of the last time, or fresh ones; a database whose secrets are lost is put aside, since nothing can read it."""
        file = folder / "env.json"
        try:
            return cls(**json.loads(file.read_text("utf-8")))
        except FileNotFoundError:
            pass
        except (ValueError, TypeError):
            file.unlink()
        for left in sorted([*folder.glob("hearth.db*"), *folder.glob("keys.db*")]):
            left.rename(left.with_name(f"unreadable-{left.name}"))
        made = cls.made()
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            json.dump(asdict(made), target, indent=2)
        return made


@dataclass(frozen=True)
class Environment:
    """Everything the parts of the demo are told."""

    folder: Path
    ports: Ports
    secrets: Secrets

    @property
    def page_url(self) -> str:
        """Where the phones are."""
        return f"http://{HOST}:{self.ports.page}"

    @property
    def gateway_url(self) -> str:
        """The gateway's public address: what signatures are made over."""
        return f"http://{HOST}:{self.ports.gateway}"

    def settings(self) -> dict[str, str]:
        """The gateway's settings by their names in the environment."""
        return {
            "HEARTH_KEYSTORE_URL": f"sqlite:///{self.folder / 'keys.db'}",
            "HEARTH_DATABASE_URL": f"sqlite:///{self.folder / 'hearth.db'}",
            "HEARTH_REDIS_URL": "",
            "HEARTH_PUBLIC_URL": self.gateway_url,
            "HEARTH_SECRET_KEYS": self.secrets.secret_key,
            "HEARTH_RASA_URL": f"http://{HOST}:{self.ports.rasa}",
            "HEARTH_RASA_TOKEN": self.secrets.rasa_token,
            "HEARTH_RASA_TRACKER": f"sqlite:///{self.folder / 'rasa.db'}",
            "HEARTH_ACTIONS_URL": f"http://{HOST}:{self.ports.actions}",
            "HEARTH_SPOOL_DIR": str(self.folder / "spool"),
            "TWILIO_ACCOUNT_SID": self.secrets.twilio_sid,
            "TWILIO_AUTH_TOKEN": self.secrets.twilio_token,
            "TWILIO_SMS_FROM": SMS_FROM,
            "TWILIO_WHATSAPP_FROM": WHATSAPP_FROM,
            "TWILIO_API_BASE": f"{self.page_url}/twilio",
            "TWILIO_SMS_PER_SECOND": "20",
            "TELEGRAM_BOT_TOKEN": self.secrets.telegram_token,
            "TELEGRAM_WEBHOOK_SECRET": self.secrets.telegram_secret,
            "TELEGRAM_API_BASE": f"{self.page_url}/telegram",
        }

    def of_children(self) -> dict[str, str]:
        """The whole environment of a child process: ours in place of whatever was set for a real service."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HEARTH_", "TWILIO_", "TELEGRAM_")) or name == "HEARTH_PROGRAMME"
        }
        return {**kept, **self.settings()}


def prepare(environ: Mapping[str, str], page: int) -> Environment:
    """Checks ports and makes the folder; raises SettingsError with one line."""
    ports = Ports.read(environ.get("HEARTH_DEMO_PORTS", ""), page)
    ports.check_free()
    folder = Path(environ.get("HEARTH_DEMO_DIR") or ROOT / "var" / "demo").resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return Environment(folder, ports, Secrets.kept(folder))
