"""The linear head: from a sentence vector and the letters of a message to the likelihood of each meaning.

Two logistic regressions, one on the centred sentence vector and one on character n-grams (TF-IDF within words), whose
logarithms are mixed; then the temperature that makes a likelihood of 0.8 right in eight cases of ten, and a push toward
the safety meanings, because a missed danger costs more than a false alarm. Stored as plain arrays and JSON.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.brain.text import normalise

Floats = npt.NDArray[np.float32]

SAFETY = frozenset({"report_danger", "self_harm", "medical_emergency", "report_trafficking", "express_distress"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Chosen on held-out training lines (docs/adr). `chars_share` is the weight of the letters in the mixture."""

    dense_c: float = 2.0
    chars_c: float = 8.0
    chars_share: float = 0.3
    copy_weight: float = 0.5
    balance: float = 0.5
    temperature: float = 1.0
    safety_push: float = 0.0


class Head:
    """A trained head. Immutable; `likelihoods` is its only use."""

    def __init__(
        self,
        names: Sequence[str],
        dense: tuple[Floats, Floats],
        chars: tuple[Floats, Floats],
        letters: TfidfVectorizer,
        settings: Settings,
    ) -> None:
        self.names = tuple(names)
        self._dense, self._chars, self._letters, self._settings = dense, chars, letters, settings
        self._push = np.array([settings.safety_push if name in SAFETY else 0.0 for name in names], dtype=np.float32)

    @classmethod
    def train(
        cls, vectors: Floats, texts: Sequence[str], intents: Sequence[str], copies: Sequence[bool], settings: Settings
    ) -> Head:
        """Learns from lines and their copies; meanings with many lines count less (`balance` 0 to 1).

        Raises ValueError for fewer than three meanings, for which the regression has another shape.
        """
        names, meant, counts = np.unique(np.array(intents), return_inverse=True, return_counts=True)
        if len(names) < 3:
            raise ValueError("the training lines have fewer than three intents")
        weights = np.where(np.array(copies), settings.copy_weight, 1.0) * ((counts.mean() / counts) ** settings.balance)[meant]
        dense = _regression(vectors, meant, weights, settings.dense_c)
        logger.info("Learnt meanings from %d sentence vectors.", len(texts))
        letters = _vectorizer()
        rows = letters.fit_transform([normalise(text) for text in texts])
        chars = _regression(rows, meant, weights, settings.chars_c)
        logger.info("Learnt meanings from %d n-grams of letters.", rows.shape[1])
        return cls([str(name) for name in names], dense, chars, letters, settings)

    def likelihoods(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """One row a text, one column a name, each row summing to one."""
        share = self._settings.chars_share
        dense = _log_softmax(vectors @ self._dense[0] + self._dense[1])
        chars = _log_softmax(self._letters.transform([normalise(text) for text in texts]) @ self._chars[0] + self._chars[1])
        mixed = ((1 - share) * dense + share * chars) / self._settings.temperature + self._push
        result: Floats = np.exp(_log_softmax(mixed))
        return result

    def save(self, folder: Path) -> None:
        """Arrays and JSON, nothing that runs code when it is read."""
        arrays = {
            "dense": self._dense[0],
            "dense_bias": self._dense[1],
            "chars": self._chars[0],
            "chars_bias": self._chars[1],
            "idf": self._letters.idf_,
        }
        np.savez(folder / "head.npz", **{name: array.astype(np.float32) for name, array in arrays.items()})
        vocabulary = sorted(self._letters.vocabulary_, key=self._letters.vocabulary_.__getitem__)
        about = {"names": self.names, "settings": self._settings.__dict__, "vocabulary": vocabulary}
        (folder / "head.json").write_text(json.dumps(about, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Head:
        """The head as it was saved."""
        about = json.loads((folder / "head.json").read_text("utf-8"))
        letters = _vectorizer(about["vocabulary"])
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            letters.idf_ = arrays["idf"]
            dense, chars = (arrays["dense"], arrays["dense_bias"]), (arrays["chars"], arrays["chars_bias"])
        return cls(about["names"], dense, chars, letters, Settings(**about["settings"]))


def _vectorizer(vocabulary: Sequence[str] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 4),
        sublinear_tf=True,
        min_df=1 if vocabulary else 3,
        vocabulary=vocabulary,
        dtype=np.float32,
    )


def _regression(
    rows: Floats, meant: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], strength: float
) -> tuple[Floats, Floats]:
    model = LogisticRegression(C=strength, max_iter=120, tol=1e-3, solver="lbfgs", random_state=0)
    model.fit(rows, meant, sample_weight=weights)
    return np.ascontiguousarray(model.coef_.T, dtype=np.float32), model.intercept_.astype(np.float32)


def _log_softmax(values: Floats) -> Floats:
    values = values - values.max(axis=1, keepdims=True)
    result: Floats = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return result
