"""Which response of domain.yml words which outcome and note. Names only; the words are not code."""

from __future__ import annotations

from bot.eligibility.case import Field
from bot.eligibility.outcome import Kind, Note, Outcome, Reason

#: Reasons too private or too rare for words of their own on a phone that others may read.
_PLAINER = {
    Reason.WAS_TRAFFICKER: "lawyer",
    Reason.CONTINUED_PRESENCE: "lawyer",
    Reason.DECEASED: "lawyer",
    Reason.APPLICATION_ENDED: "lawyer",
    Reason.ADOPTION: "lawyer_adoption",
    Reason.LINK_UNCLEAR: "lawyer_unknown",
    Reason.UNKNOWN: "lawyer_unknown",
    Reason.STATUS_UNKNOWN: "lawyer_status_unknown",
    Reason.GREEN_CARD: "lawyer_green_card",
    Reason.STATUS_ENDED: "urgent_status",
    Reason.STATUS_ENDING: "urgent_status",
    Reason.GREEN_CARD_SOON: "urgent_status",
    Reason.NEAR_BIRTHDAY: "urgent_birthday",
    Reason.CHILD_TURNED_21: "urgent_child_21",
    Reason.PRINCIPAL_TURNED_21: "urgent_principal_21",
}

#: Only a caseworker who enters a case can tell these; the conversation has no question for them.
NEVER_ASKED = frozenset({Field.PRINCIPAL_NOW, Field.I914A_STATUS, Field.ADOPTION})

#: Notes that are said, the most pressing first. The others only steer the next step.
SAID = (
    Note.URGENT_BIRTHDAY,
    Note.NO_WAIVER,
    Note.WAIVER,
    Note.NATIONALITY,
    Note.CUSTODY,
    Note.NO_PASSPORT,
    Note.TELL_BIRTHDAY,
    Note.AGE_LOCK,
    Note.WAS_MARRIED,
    Note.LINK_RULES,
    Note.STATUS_TIME,
    Note.LAWYER,
)
_NOTES = {Note.NO_WAIVER: "lawyer", Note.WAIVER: "lawyer", Note.NATIONALITY: "lawyer", Note.CUSTODY: "lawyer"} | {
    Note.NO_PASSPORT: "lawyer",
    Note.LINK_RULES: "link_rules",
}


def response_of(outcome: Outcome) -> str:
    """The response that words `outcome`; for NEED_INFO the question."""
    match outcome.kind:
        case Kind.NEED_INFO:
            asked = outcome.field not in NEVER_ASKED
            return f"utter_ask_eligibility_{outcome.field}" if asked else "utter_eligibility_lawyer_unknown"
        case Kind.LIKELY:
            danger = "_danger" if outcome.through_danger and outcome.tclass != "T6" else ""
            return f"utter_eligibility_likely_{str(outcome.tclass).lower()}{danger}"
        case Kind.LIKELY_IF_DANGER:
            return f"utter_eligibility_if_danger_{str(outcome.tclass).lower()}"
        case Kind.NOT_T:
            return f"utter_eligibility_not_{outcome.reason}"
        case Kind.LAWYER | Kind.LAWYER_URGENT:
            assert outcome.reason is not None
            return f"utter_eligibility_{_PLAINER[outcome.reason]}"


def note_response_of(note: Note) -> str:
    """The response that words one of the notes in SAID."""
    return f"utter_eligibility_note_{_NOTES.get(note, str(note))}"
