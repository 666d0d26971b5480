"""Rasa's endpoints.yml for an action server on another port than the usual one."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.settings import ROOT


def endpoints_for(folder: Path, actions_url: str) -> Path:
    """Writes a copy of endpoints.yml into `folder` that names this action server; returns its path."""
    endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text("utf-8"))
    endpoints["action_endpoint"]["url"] = f"{actions_url}/webhook"
    file = folder / "endpoints.yml"
    file.write_text(yaml.safe_dump(endpoints), "utf-8")
    return file
