"""Twilio's own description of its API, with the few changes without which Prism 5.16 refuses valid calls.

(a) Prism reads a repeated form field only when the description says how it is repeated. (b) Lists carry addresses
relative to the API, which are no `uri`. (c) What Twilio's documentation promises and its description leaves out: a body
has at most 1600 characters, an address is E.164 with or without `whatsapp:`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FORM = "application/x-www-form-urlencoded"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ADDRESS = r"^(whatsapp:)?\+[1-9]\d{6,14}$"


def patched(source: Path, target: Path) -> Path:
    """Writes the changed description to `target`."""
    description = json.loads(source.read_text("utf-8"))
    for path in description["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                _repeat(operation)
                _relative(operation.get("responses", {}))
    _relative(description["components"]["schemas"])
    fields = description["paths"][MESSAGES]["post"]["requestBody"]["content"][FORM]["schema"]["properties"]
    fields["Body"]["maxLength"] = 1600
    fields["To"]["pattern"] = ADDRESS
    target.write_text(json.dumps(description), "utf-8")
    return target


def _repeat(operation: dict[str, Any]) -> None:
    form = operation.get("requestBody", {}).get("content", {}).get(FORM)
    if form is None:
        return
    for name, field in form["schema"].get("properties", {}).items():
        if field.get("type") == "array":
            form.setdefault("encoding", {})[name] = {"style": "form", "explode": True}


def _relative(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _relative(each)
    elif isinstance(node, dict):
        for name, each in node.items():
            if name.endswith("uri") and isinstance(each, dict) and each.get("format") == "uri":
                del each["format"]
            _relative(each)
