"""Right-to-left text that phones show in the right order.

Numbers, links and Latin words inside Arabic or Urdu text are put between LEFT-TO-RIGHT ISOLATE and POP DIRECTIONAL
ISOLATE (Unicode UAX #9), so that "+1 888 373 7888" keeps its order. Text typed by people loses its control and
direction characters before it goes anywhere: an override could make a message show other words than it holds.
"""

from __future__ import annotations

import re
import unicodedata

LRI, PDI = "\u2066", "\u2069"
_WORD = r"(?:https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+|\+?\d(?:[\d().:/-]*\d)?|[A-Za-z][\w.'/-]*)"
#: Latin words and numbers that stand together ("100 Example Street, Washington, DC") are one run, or they change places.
_LTR_RUN = re.compile(rf"{_WORD}(?:[ ,(]{{1,2}}{_WORD})*", re.ASCII)
_DIRECTION = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def isolate(text: str) -> str:
    """`text` (of a right-to-left language) with isolates around each left-to-right run; doing it twice changes nothing."""
    return _LTR_RUN.sub(lambda run: f"{LRI}{run.group()}{PDI}", text.replace(LRI, "").replace(PDI, ""))


def clean(text: str) -> str:
    """What a person typed, without control and direction characters; line ends and joiners of scripts stay."""
    text = text.translate(_DIRECTION)
    return "".join(c for c in text if c in "\n\t\u200c\u200d" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()
