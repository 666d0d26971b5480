"""Calls to the action server, without what Rasa spends on them for nothing.

Stock Rasa checks the answer's schema anew for every answer (60 ms) and sends the whole domain, with all its texts, in
every call. Here the schema is compiled once, and an action gets the names of the responses, which is all it asks for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from rasa.core.actions.action import Action, RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

#: The slot that names the conversation that waits for an answer, and its value when none does; see actions/conversations.py.
_FLOW, _NONE = "flow", "none"
#: Asks a running conversation's open question again; has nothing to do when none runs.
_RESUME = "action_resume"


class LeanRemoteAction(RemoteAction):
    """A remote action that sends less and checks faster."""

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        # An empty domain spares Rasa the copy of the real one; the SDK asks again when the key is missing.
        call: dict[str, Any] = super()._action_call_format(tracker, Domain.empty())
        call["domain"] = {"responses": dict.fromkeys(domain.responses, ())}
        return call

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        """Raises ValidationError for an answer that is not an action's."""
        _validator().validate(result)
        return True


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    return Draft202012Validator(RemoteAction.action_response_format_spec())


def lean(action: Action) -> Action:
    """The same action; a remote one in its lean form."""
    return LeanRemoteAction(action.name(), action.action_endpoint) if type(action) is RemoteAction else action


def idle(action: Action, tracker: DialogueStateTracker) -> bool:
    """True for an action that would say and change nothing, so that its call can be spared."""
    return bool(action.name() == _RESUME and tracker.get_slot(_FLOW) in (None, _NONE))
