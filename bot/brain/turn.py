"""One turn of Rasa, whole or not at all.

Stock Rasa goes on after a failing action, stops quietly after too many actions, keeps turns in memory when its database
fails, and sends replies before the turn is stored. Here any of these raises TurnFailed and nothing of the turn is kept,
so the gateway may try the same message again. A message already answered gives the same answer again, without a second
turn: the gateway may have lost the first one.
"""

from __future__ import annotations

from typing import Any

from rasa.core.actions.action import Action
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.brain.remote import idle, lean
from bot.brain.responses import SIGNALS, CatalogueResponses, changed_locale, locale_in
from bot.i18n.languages import DEFAULT

#: A talk longer than this starts a new session (answers of a flow are carried over): the time of a turn grows with it.
LONGEST_SESSION = 300


class TurnFailed(Exception):
    """The turn could not be finished; the text is safe to log and to send to the gateway."""


class QuietChannel(OutputChannel):
    """Takes what Rasa sends and keeps nothing: the reply is read from the events of the turn."""

    @classmethod
    def name(cls) -> str:
        """The name under which responses are generated."""
        return "hearth"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Nothing leaves this process."""


class _Watched(Action):
    """An action whose failure is remembered, because the processor swallows it; one with nothing to do is not run."""

    def __init__(self, action: Action) -> None:
        self._action = lean(action)
        self.failure: Exception | None = None

    def name(self) -> str:
        return str(self._action.name())

    async def run(
        self, output_channel: OutputChannel, nlg: NaturalLanguageGenerator, tracker: DialogueStateTracker, domain: Domain
    ) -> list[Event]:
        if idle(self._action, tracker):
            return []
        try:
            events: list[Event] = await self._action.run(output_channel, nlg, tracker, domain)
            return events
        except Exception as failure:
            self.failure = failure
            raise

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> ActionExecuted:
        return self._action.event_for_successful_execution(prediction)


class StrictProcessor(MessageProcessor):
    """Rasa's processor, made to fail loudly. Shares the model and stores of the processor it is taken from."""

    #: The talk so far, when it was fetched already.
    known: DialogueStateTracker | None = None

    @classmethod
    def over(cls, processor: MessageProcessor) -> StrictProcessor:
        """A strict view of a loaded processor; its database is asked directly, without the fallback in memory."""
        strict = cls.__new__(cls)
        strict.__dict__ = dict(processor.__dict__)
        if isinstance(strict.tracker_store, FailSafeTrackerStore):
            strict.tracker_store = strict.tracker_store._tracker_store
        return strict

    async def get_tracker(self, conversation_id: str) -> DialogueStateTracker:
        """Rasa's, but fetches nothing twice and stores nothing before the end of the turn."""
        tracker = self.known or self.tracker_store.init_tracker(conversation_id)
        tracker.model_id = self.model_metadata.model_id
        tracker.assistant_id = tracker.assistant_id or self.model_metadata.assistant_id
        return tracker

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _Watched(action)
        again: bool = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if watched.failure is not None:
            raise TurnFailed(f"action {watched.name()} failed: {type(watched.failure).__name__}") from watched.failure
        return again

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """Rasa's, but too many actions in one turn are a failure."""
        try:
            result: tuple[Action, PolicyPrediction] = super().predict_next_with_tracker_if_should(tracker)
            return result
        except ActionLimitReached as failure:
            raise TurnFailed("too many actions in one turn") from failure

    def _has_session_expired(self, tracker: DialogueStateTracker) -> bool:
        return len(tracker.events) > LONGEST_SESSION or bool(super()._has_session_expired(tracker))


async def take_turn(agent: Agent, message: UserMessage) -> dict[str, Any]:
    """The intent and the messages of one turn, as the gateway expects them. Raises TurnFailed; then nothing was stored."""
    if not agent.is_ready():
        raise TurnFailed("no model is loaded")
    words = agent.nlg
    if not isinstance(words, CatalogueResponses):
        raise TurnFailed("endpoints.yml does not name bot.brain.responses.CatalogueResponses")
    processor = StrictProcessor.over(agent.processor)
    async with agent.lock_store.lock(message.sender_id):
        processor.known = await processor.tracker_store.retrieve(message.sender_id)
        if processor.known is not None and _last_message_id(processor.known) == message.message_id:
            return reply_of(processor.known, words)
        tracker = await processor.log_message(message, should_save_tracker=False)
        tracker = await processor.run_action_extract_slots(message.output_channel, tracker)
        await processor._run_prediction_loop(message.output_channel, tracker)
        reply = reply_of(tracker, words)
        if not reply["messages"]:
            raise TurnFailed("the turn gave no reply")
        await processor.save_tracker(tracker)
    return reply


def reply_of(tracker: DialogueStateTracker, words: CatalogueResponses) -> dict[str, Any]:
    """What was said after the last message of the person, from the events of the talk."""
    said: list[BotUttered] = []
    intent: dict[str, Any] = {"name": None, "confidence": 0.0}
    locale, country = DEFAULT, None
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            said.insert(0, event)
        elif isinstance(event, UserUttered):
            intent = {"name": event.intent.get("name"), "confidence": round(float(event.intent.get("confidence") or 0.0), 4)}
            locale, country = locale_in(event.metadata or {}), (event.metadata or {}).get("country")
            break
    messages = []
    for event in said:
        locale = changed_locale(event) or locale
        messages.append(_message(event, words, locale, country))
    return {"intent": intent, "messages": [message for message in messages if message["text"] or message["custom"]]}


def _message(event: BotUttered, words: CatalogueResponses, locale: str, country: str | None) -> dict[str, Any]:
    """One message of the answer; one that an action composed is worded here."""
    name, text, buttons = event.metadata.get("utter_action"), event.text or "", event.data.get("buttons") or ()
    custom = dict(event.data.get("custom") or {})
    if custom.get("response"):
        name = custom["response"]
        worded = words.word(custom, locale, country)
        text, buttons = worded["text"], worded["buttons"]
        custom = {**worded["custom"], **{signal: custom[signal] for signal in SIGNALS if signal in custom}}
    choices = [{"title": button["title"], "payload": button["payload"]} for button in buttons]
    return {"response": name, "text": text, "choices": choices, "custom": custom}


def _last_message_id(tracker: DialogueStateTracker) -> str | None:
    last = tracker.get_last_event_for(UserUttered)
    return last.message_id if last else None
