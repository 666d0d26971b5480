"""What the rules can say. Never "eligible": the rule covers a kind of relative, and USCIS decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.eligibility.case import Field


class Kind(StrEnum):
    """The six outcomes of facts 3.2."""

    LIKELY = "LIKELY"
    LIKELY_IF_DANGER = "LIKELY_IF_DANGER"
    NOT_T = "NOT_T"
    LAWYER = "LAWYER"
    LAWYER_URGENT = "LAWYER_URGENT"
    NEED_INFO = "NEED_INFO"


class TClass(StrEnum):
    """Classes of family members, 8 CFR 214.1(a)(1)(viii)."""

    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    T6 = "T6"


class Reason(StrEnum):
    """Why. Each has its own wording, or shares a plainer one (`wording.py`)."""

    # NOT_T
    AFTER_APPROVAL = "after_approval"
    DIVORCED = "divorced"
    NOT_MARRIED = "not_married"
    CHILD_21 = "child_21"
    CHILD_MARRIED = "child_married"
    STEP_MARRIAGE_AGE = "step_marriage_age"
    STEP_AFTER_APPROVAL = "step_after_approval"
    SIBLING_18 = "sibling_18"
    SIBLING_MARRIED = "sibling_married"
    NO_DANGER = "no_danger"
    LINK_FIRST = "link_first"
    OTHER_RELATIVE = "other_relative"
    # LAWYER
    WAS_TRAFFICKER = "was_trafficker"
    APPLICATION_ENDED = "application_ended"
    DECEASED = "deceased"
    GREEN_CARD = "green_card"
    CONTINUED_PRESENCE = "continued_presence"
    ADOPTION = "adoption"
    LINK_UNCLEAR = "link_unclear"
    STATUS_UNKNOWN = "status_unknown"
    UNKNOWN = "unknown"
    # LAWYER_URGENT
    STATUS_ENDED = "status_ended"
    STATUS_ENDING = "status_ending"
    GREEN_CARD_SOON = "green_card_soon"
    NEAR_BIRTHDAY = "near_birthday"
    CHILD_TURNED_21 = "child_turned_21"
    PRINCIPAL_TURNED_21 = "principal_turned_21"


@dataclass(frozen=True)
class Outcome:
    """One of the six, with what belongs to it. Build it with the functions below."""

    kind: Kind
    tclass: TClass | None = None
    reason: Reason | None = None
    field: Field | None = None
    through_danger: bool = False

    def __post_init__(self) -> None:
        likely = self.kind in {Kind.LIKELY, Kind.LIKELY_IF_DANGER}
        asks = self.kind is Kind.NEED_INFO
        if likely != (self.tclass is not None) or asks != (self.field is not None):
            raise ValueError(f"not an outcome: {self}")
        if (likely or asks) == (self.reason is not None):
            raise ValueError(f"not an outcome: {self}")


class Note(StrEnum):
    """What is added to an outcome."""

    LAWYER = "lawyer"
    URGENT_BIRTHDAY = "urgent_birthday"
    T6_CHECK = "t6_check"
    AGE_LOCK = "age_lock"
    TELL_BIRTHDAY = "tell_birthday"
    STATUS_TIME = "status_time"
    LINK_RULES = "link_rules"
    WAS_MARRIED = "was_married"
    WAIVER = "waiver"
    NO_WAIVER = "no_waiver"
    NATIONALITY = "nationality"
    CUSTODY = "custody"
    NO_PASSPORT = "no_passport"
    IN_US = "in_us"
    ABROAD = "abroad"


#: Notes that by themselves call for a lawyer.
FOR_A_LAWYER = frozenset(
    {Note.LAWYER, Note.LINK_RULES, Note.WAS_MARRIED, Note.WAIVER, Note.NO_WAIVER}
    | {Note.NATIONALITY, Note.CUSTODY, Note.NO_PASSPORT, Note.URGENT_BIRTHDAY}
)


@dataclass(frozen=True)
class Result:
    """A main outcome and its notes; `rule` and `citation` say which row of the table gave it."""

    main: Outcome
    notes: tuple[Note, ...] = ()
    rule: str = ""
    citation: str = ""

    @property
    def lawyer(self) -> bool:
        """Somebody with legal training should look."""
        return self.main.kind in {Kind.LAWYER, Kind.LAWYER_URGENT} or not FOR_A_LAWYER.isdisjoint(self.notes)

    @property
    def urgent(self) -> bool:
        """... and soon: a date is near or passed."""
        return self.main.kind is Kind.LAWYER_URGENT or Note.URGENT_BIRTHDAY in self.notes


def likely(tclass: TClass, *notes: Note, through_danger: bool = False) -> Result:
    """The rule covers this kind of relative."""
    return Result(Outcome(Kind.LIKELY, tclass, through_danger=through_danger), notes)


def likely_if_danger(tclass: TClass, *notes: Note) -> Result:
    """It does if the family is in present danger, which the person is not sure of."""
    return Result(Outcome(Kind.LIKELY_IF_DANGER, tclass), notes)


def not_t(reason: Reason, *notes: Note) -> Result:
    """No T class names this relative."""
    return Result(Outcome(Kind.NOT_T, reason=reason), notes)


def lawyer(reason: Reason) -> Result:
    """The text of the law does not settle it."""
    return Result(Outcome(Kind.LAWYER, reason=reason))


def lawyer_urgent(reason: Reason) -> Result:
    """... and waiting may cost the family its chance."""
    return Result(Outcome(Kind.LAWYER_URGENT, reason=reason))


def need_info(field: Field) -> Result:
    """This one must be asked next."""
    return Result(Outcome(Kind.NEED_INFO, field=field))
