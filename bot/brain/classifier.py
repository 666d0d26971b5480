"""The Rasa component that ranks what a message may mean; see head.py for how."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.copies import COPY_OF
from bot.brain.featurizer import E5Featurizer
from bot.brain.head import Floats, Head, Settings

RANKED = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MeaningClassifier(IntentClassifier, GraphComponent):
    """Sets a message's intent and the ranking of the ten likeliest."""

    @classmethod
    def required_components(cls) -> list[type]:
        """The sentence vectors come from our featurizer."""
        return [E5Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages that must be importable."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings of the head, each under its own name."""
        return {field.name: field.default for field in fields(Settings)}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, head: Head | None = None) -> None:
        self._settings = Settings(**{field.name: float(config[field.name]) for field in fields(Settings)})
        self._storage = storage
        self._resource = resource
        self._head = head

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> MeaningClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MeaningClassifier:
        """The classifier with its trained head."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, Head.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from every line and copy that has an intent and a vector."""
        examples = [message for message in training_data.intent_examples if message.get(TEXT) and message.get(INTENT)]
        self._head = Head.train(
            _vectors(examples),
            [message.get(TEXT) for message in examples],
            [message.get(INTENT) for message in examples],
            [bool(message.get(COPY_OF)) for message in examples],
            self._settings,
        )
        with self._storage.write_to(self._resource) as folder:
            self._head.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Ranks what somebody wrote; a payload, which has no vector, is left to Rasa."""
        for message in messages:
            dense = message.get_dense_features(TEXT)[1]
            if self._head is None or dense is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            row = self._head.likelihoods(dense.features, [message.get(TEXT)])[0]
            order = np.argsort(-row)[:RANKED]
            ranking = [{"name": self._head.names[index], "confidence": float(row[index])} for index in order]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages


def _vectors(messages: list[Message]) -> Floats:
    rows = []
    for message in messages:
        dense = message.get_dense_features(TEXT)[1]
        assert dense is not None, "the featurizer stands before the classifier"
        rows.append(dense.features[0])
    return np.stack(rows)
