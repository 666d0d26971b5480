"""Puts the protocol peers into var/peers, once for each state of the two files that name them.

The peers come from tests/peers/package.json (npm) and requirements/peers.txt (an environment of its own, since its
packages are none of ours). Nothing here runs in production, and no address of a download is kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.settings import ROOT

PACKAGES = ROOT / "tests" / "peers" / "package.json"
REQUIREMENTS = ROOT / "requirements" / "peers.txt"
FOLDER = ROOT / "var" / "peers"
JAVA_WANTED = 17
INSTALL_WITHIN_S = 900


class Missing(Exception):
    """The peers cannot be had on this machine; the text says what is missing, in one line."""


@dataclass(frozen=True)
class Installation:
    """Where the peers are."""

    folder: Path

    @property
    def modules(self) -> Path:
        """The folder of npm's packages."""
        return self.folder / "node_modules"

    @property
    def node(self) -> str:
        """The Node that came with the peers: `emulate` needs a newer one than many systems have."""
        return str(self.modules / "node" / "bin" / "node")

    @property
    def telegram(self) -> str:
        """The Telegram server's command."""
        return str(self.folder / "venv" / "bin" / "lo-bot-api-emulator")

    @property
    def wiremock(self) -> str:
        """WireMock's jar."""
        return str(next((self.modules / "wiremock" / "build").glob("wiremock-standalone-*.jar")))

    @property
    def descriptions(self) -> Path:
        """Twilio's own OpenAPI descriptions, as its command line ships them."""
        return self.modules / "@twilio" / "cli-core" / "src" / "services" / "twilio-api"

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which a script of ours finds npm's packages."""
        return {**os.environ, "NODE_PATH": str(self.modules)}


def install(folder: Path = FOLDER) -> Installation:
    """The peers, installed where they were not; raises Missing."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing("no Node and npm on the path (Debian: apt-get install npm)")
    wanted = hashlib.sha256(PACKAGES.read_bytes() + REQUIREMENTS.read_bytes()).hexdigest()
    stamp = folder / ".stamp"
    if not stamp.exists() or stamp.read_text("ascii") != wanted:
        stamp.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES, folder / PACKAGES.name)
        _run("npm", [npm, "install", "--no-package-lock", "--no-audit", "--no-fund"], folder)
        python = folder / "venv" / "bin" / "python"
        if not python.exists():
            _run("venv", [sys.executable, "-m", "venv", str(folder / "venv")], folder)
        quiet = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
        _run("pip", [str(python), "-m", "pip", "install", *quiet, "-r", str(REQUIREMENTS)], folder)
        stamp.write_text(wanted, "ascii")
    return Installation(folder)


def _run(name: str, command: list[str], folder: Path) -> None:
    """Runs one step. What it prints may hold addresses of downloads, so only its exit code is passed on."""
    try:
        code = subprocess.run(command, cwd=folder, capture_output=True, timeout=INSTALL_WITHIN_S).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{name} could not install them ({type(error).__name__})") from None
    if code:
        raise Missing(f"{name} could not install them (it ended with {code})")


def java() -> str:
    """The command of a Java that runs WireMock; raises Missing."""
    found = shutil.which("java")
    wanted = f"no Java {JAVA_WANTED} on the path (Debian: apt-get install openjdk-{JAVA_WANTED}-jre-headless)"
    if found is None:
        raise Missing(wanted)
    told = subprocess.run([found, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version.group(1)) < JAVA_WANTED:
        raise Missing(wanted)
    return found
