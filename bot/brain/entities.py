"""The Rasa component of the entities: packs the known words into the model, and reads messages with them.

A model never depends on files beside it; the look-up files are read at training only. See finder.py for what is found.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.finder import EntityFinder, known_words, number_words
from bot.brain.lookup import Known
from bot.brain.text import is_payload


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LookupEntities(EntityExtractorMixin, GraphComponent):
    """Sets a message's entities; a payload's are left to Rasa, which reads them from the payload."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`lookups`: the folder of look-up files, read at training only."""
        return {"lookups": "data/lookups"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes when a look-up file changes, so that Rasa trains this component again."""
        digest = hashlib.sha256()
        for path in sorted(Path(config.get("lookups", "data/lookups")).glob("*.yml")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, finder: EntityFinder | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._finder = finder

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> LookupEntities:
        """An extractor that knows nothing yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LookupEntities:
        """The extractor with the words packed at training."""
        with model_storage.read_from(resource) as folder:
            packed = json.loads((folder / "words.json").read_text("utf-8"))
        finder = EntityFinder([Known(**item) for item in packed["known"]], packed["numbers"])
        return cls(config, model_storage, resource, finder)

    def train(self, training_data: TrainingData) -> Resource:
        """Packs the words into the model; the training lines are not used."""
        folder = Path(self._config["lookups"])
        packed = {"known": [asdict(item) for item in known_words(folder)], "numbers": number_words(folder)}
        with self._storage.write_to(self._resource) as target:
            (target / "words.json").write_text(json.dumps(packed, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities of what somebody wrote."""
        for message in messages:
            text = message.get(TEXT)
            if self._finder and text and not is_payload(text):
                message.set(ENTITIES, self._entities(message, text), add_to_output=True)
        return messages

    def _entities(self, message: Message, text: str) -> list[dict[str, Any]]:
        assert self._finder is not None
        locale = (message.get("metadata") or {}).get("locale")
        return self.add_extractor_name(self._finder.find(text, locale))
