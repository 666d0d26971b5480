"""One way to read a typed message: the same letters whatever keyboard, case or invisible mark wrote them.

Everything that compares text (embeddings, character features, look-ups) goes through here, in training and in use alike,
so that a model never meets a form it could not have been trained on.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_VOWEL_SIGNS = re.compile("[\u064b-\u065f\u0670]")
_SPACES = re.compile(r"\s+")
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")


def normalise(text: str) -> str:
    """Lower case, NFKC, without invisible marks, Arabic vowel signs and more than two equal letters in a row.

    Does not remove accents: they carry meaning in several languages, and training has copies without them.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _VOWEL_SIGNS.sub("", _INVISIBLE.sub("", text)).lower()
    text = _LONG_RUN.sub(r"\1\1", text)
    return _SPACES.sub(" ", text).strip()


def without_accents(text: str) -> str:
    """The text with Latin, Greek and Cyrillic letters bare of their marks; other scripts are left whole."""
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def is_payload(text: str) -> bool:
    """True for a button's payload (`/ask_cost`), which Rasa reads itself and nobody needs to understand."""
    return text.startswith("/")
