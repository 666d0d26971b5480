"""Nothing personal or secret is ever logged."""

from __future__ import annotations

import io
import logging

import pytest

from bot.log import configure, redact


@pytest.mark.parametrize(
    "secret",
    [
        "+639170000000",
        "whatsapp:+639170000000",
        "123456789:AAabcdefghijklmnopqrstuvwxyz012345",
        "maria@example.com",
        "424242424242",
    ],
)
def test_what_must_not_be_logged_is_taken_out(secret: str) -> None:
    assert secret not in redact(f"failed for {secret} at once")


def test_a_traceback_shows_no_number_or_token() -> None:
    stream = io.StringIO()
    configure()
    handler = logging.getLogger().handlers[0]
    old = handler.setStream(stream)  # type: ignore[attr-defined]
    try:
        raise ValueError("bad +639170000000 and 123456789:AAabcdefghijklmnopqrstuvwxyz012345")
    except ValueError:
        logging.getLogger("anything").exception("failed")
    finally:
        handler.setStream(old)  # type: ignore[attr-defined]
    assert "ValueError" in stream.getvalue()
    assert "639170000000" not in stream.getvalue()
    assert "AAabcdef" not in stream.getvalue()
