"""An unsure reading becomes `nlu_fallback`, which the talk answers with a question instead of a guess.

Unsure means: the best meaning is not likely enough, or hardly likelier than the second. Danger is never turned into a
multiple choice: a safety meaning that leads stands at a lower bar. A message without any letter means nothing by itself.
A button's payload never comes here as a reading: Rasa itself reads it after this component.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.brain.head import SAFETY
from bot.brain.text import is_payload


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UnsureReading(IntentClassifier, GraphComponent):
    """Puts `nlu_fallback` before an unsure ranking; the ranking itself stays, for the question needs it."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Something must have ranked the meanings."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Least confidence of the first, least distance to the second, and the bar for safety (no distance asked)."""
        return {"confidence": 0.4, "distance": 0.05, "safety_confidence": 0.2}

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> UnsureReading:
        """The component, from its configuration."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Marks the unsure ones."""
        for message in messages:
            text = message.get(TEXT) or ""
            ranking = message.get(INTENT_RANKING_KEY) or []
            if text and not is_payload(text) and self.unsure(text, ranking):
                confidence = ranking[0]["confidence"] if ranking else 0.0
                fallback = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": confidence}
                message.set(INTENT, fallback, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [fallback, *ranking], add_to_output=True)
        return messages

    def unsure(self, text: str, ranking: list[dict[str, Any]]) -> bool:
        """True when this ranking of this text should be asked about."""
        if not ranking or not any(letter.isalpha() for letter in text):
            return True
        first = ranking[0]
        if first["name"] in SAFETY:
            return bool(first["confidence"] < self._config["safety_confidence"])
        second = ranking[1]["confidence"] if len(ranking) > 1 else 0.0
        return bool(first["confidence"] < self._config["confidence"] or first["confidence"] - second < self._config["distance"])
