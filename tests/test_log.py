"""Nothing personal or secret is ever logged."""

from __future__ import annotations

import pytest

from bot.log import redact


@pytest.mark.parametrize(
    "secret",
    ["+639170000000", "whatsapp:+639170000000", "123456789:AAabcdefghijklmnopqrstuvwxyz012345", "maria@example.com", "424242424242"],
)
def test_what_must_not_be_logged_is_taken_out(secret: str) -> None:
    assert secret not in redact(f"failed for {secret} at once")
