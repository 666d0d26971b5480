"""An unsure reading becomes `nlu_fallback`, which the talk answers with a question instead of a guess.

Unsure means: the best meaning is not likely enough and not several times likelier than the second. A safety meaning that
leads stands at a lower bar; only where another meaning is nearly as likely is it asked about, as the first of the choices. A message without any letter means nothing by itself.
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
        """Least confidence of the first and least distance to the second; `clear`: so many times likelier than the second
        is sure from `clear_confidence` on. For safety: its bar, and `safety_clear` times the second below the usual bar."""
        return {
            "confidence": 0.4,
            "distance": 0.05,
            "clear": 3.0,
            "clear_confidence": 0.25,
            "safety_confidence": 0.2,
            "safety_clear": 1.5,
        }

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
        best, second = first["confidence"], ranking[1]["confidence"] if len(ranking) > 1 else 0.0
        times = best / second if second else float("inf")
        if first["name"] in SAFETY:
            low = best < self._config["confidence"] and times < self._config["safety_clear"]
            return bool(low or best < self._config["safety_confidence"])
        if best >= self._config["clear_confidence"] and times >= self._config["clear"]:
            return False
        return bool(best < self._config["confidence"] or best - second < self._config["distance"])
