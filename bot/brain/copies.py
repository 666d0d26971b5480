"""The Rasa component that adds the noisy copies to the training data; it does nothing to real messages."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain import noise, romanise
from bot.brain.corpus import languages_of_lines
from bot.brain.noise import Line

#: Marks a copy: the text of the line it was made from.
COPY_OF = "copy_of"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class NoisyCopies(GraphComponent):
    """Adds `copies` noisy spellings of each training line.

    Registered as a tokenizer, the only kind of component that Rasa lets change training data before featurizers.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`data`: where the lines stand by language, for a copy's language is not part of Rasa's training data."""
        return {"copies": 2, "seed": 7, "data": "data/nlu"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes when the way of making copies changes, so that Rasa trains again."""
        return hashlib.sha256((inspect.getsource(noise) + inspect.getsource(romanise)).encode()).hexdigest()

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> NoisyCopies:
        """The component, from its configuration."""
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The lines as they are, and after them their copies."""
        languages = languages_of_lines(Path(self._config["data"]))
        lines = [
            Line(message.get(TEXT), message.get(INTENT), languages.get(message.get(TEXT), "en"))
            for message in training_data.intent_examples
            if message.get(TEXT) and message.get(INTENT)
        ]
        openings = noise.openings_of(lines)
        copies = [
            Message(data={TEXT: copy.text, INTENT: copy.intent, COPY_OF: line.text})
            for line in lines
            for copy in noise.copies_of(line, self._config["copies"], self._config["seed"], openings)
        ]
        return training_data.merge(TrainingData(copies))

    def process(self, messages: list[Message]) -> list[Message]:
        """Leaves real messages alone."""
        return messages
