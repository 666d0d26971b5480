"""Sealing of personal data at rest, and lookups that do not open it.

Texts and addresses are sealed with authenticated encryption (Fernet) under keys derived from HEARTH_SECRET_KEYS: the
first key seals, every listed key opens, so a key can be rotated without downtime. An address is looked up by a keyed
hash; the plain address is never a column.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealError(Exception):
    """A sealed value was altered, or its key is no longer listed in HEARTH_SECRET_KEYS."""


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


class Sealer:
    """Seals and opens small values; safe to share between threads."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(s, b"hearth seal"))) for s in secrets])
        self._hash_keys = [_derive(s, b"hearth lookup") for s in secrets]

    def seal(self, value: Any) -> bytes:
        """Any JSON value to sealed bytes."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """The value that was sealed; raises SealError when it was altered or its key is gone."""
        try:
            return json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SealError("a sealed value does not open: was a key removed from HEARTH_SECRET_KEYS?") from None

    def lookups(self, value: str) -> list[str]:
        """The keyed hashes under which `value` may be stored, the current one first (64 hex digits each)."""
        return [hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in self._hash_keys]
