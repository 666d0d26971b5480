"""Twilio's error codes, and what each means for the message.

From Twilio's error dictionary. The API's description says not to depend on unknown codes: one that is not listed here
falls back to the HTTP status.
"""

from __future__ import annotations

from bot.channels.base import Outcome

CODES: dict[int, Outcome] = {
    **dict.fromkeys((20429, 20503, 63012, 63017, 30001, 30008, 30003), Outcome.RETRY),
    63016: Outcome.WINDOW,
    63018: Outcome.SENDER_LIMIT,
    **dict.fromkeys((21610, 63014), Outcome.OPTED_OUT),
    **dict.fromkeys((21211, 21214, 21612, 21614, 21635, 30005, 30006, 63024, 63003, 63032), Outcome.UNREACHABLE),
    **dict.fromkeys((21617, 21619, 63013, 63021, 63027, 63028, 63030), Outcome.REFUSED),
    **dict.fromkeys((30004, 30007, 30034, 21408, 63049), Outcome.REFUSED),
    **dict.fromkeys((20003, 20404, 21606, 21603, 21660, 21910, 63007, 30002, 20005), Outcome.MISCONFIGURED),
}


def outcome(code: int | None, status: int) -> Outcome:
    """What an error answer means; `code` is Twilio's (None or equal to `status` when the body was not Twilio's JSON)."""
    if code is not None and code in CODES:
        return CODES[code]
    if status == 429:
        return Outcome.RETRY
    if status in (401, 403):
        return Outcome.MISCONFIGURED
    if status >= 500 or status < 400:
        return Outcome.UNKNOWN  # a proxy's page: the message may have been taken
    return Outcome.REFUSED
