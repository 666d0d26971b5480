"""What the rules need to know about a family, and nothing that could name anybody.

Everything may be unknown (None). `unsure` holds what the person was asked and does not know: the rules then hand over
to a lawyer instead of asking again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.eligibility.ages import NO_AGES, AgeBand, Ages


class Filing(StrEnum):
    """How far Form I-914 (the survivor's) or I-914A (one relative's) has come."""

    NOT_FILED = "not_filed"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class PrincipalNow(StrEnum):
    """What the survivor holds today."""

    T1_VALID = "T1_valid"
    T1_EXPIRED = "T1_expired"
    T1_EXPIRING_6MO = "T1_expiring_6mo"
    I485_PENDING = "I485_pending"
    LPR = "LPR"
    USC = "USC"
    DECEASED = "deceased"
    CONTINUED_PRESENCE_ONLY = "continued_presence_only"
    NONE = "none"


class Relation(StrEnum):
    """What the relative is to the survivor."""

    SPOUSE = "spouse"
    PARTNER = "partner"
    BIOLOGICAL_CHILD = "biological_child"
    STEPCHILD = "stepchild"
    ADOPTED_CHILD = "adopted_child"
    PARENT = "parent"
    STEPPARENT = "stepparent"
    ADOPTIVE_PARENT = "adoptive_parent"
    SIBLING = "sibling"
    HALF_SIBLING = "half_sibling"
    STEP_SIBLING = "step_sibling"
    GRANDCHILD = "grandchild"
    NIECE_NEPHEW = "niece_nephew"
    SPOUSE_CHILD = "spouse_child"
    ADULT_SIBLING = "parent_child_adult_sibling"
    OTHER = "other"


CHILDREN = frozenset({Relation.BIOLOGICAL_CHILD, Relation.STEPCHILD, Relation.ADOPTED_CHILD})
PARENTS = frozenset({Relation.PARENT, Relation.STEPPARENT, Relation.ADOPTIVE_PARENT})
SIBLINGS = frozenset({Relation.SIBLING, Relation.HALF_SIBLING, Relation.STEP_SIBLING})
#: Children of a relative: each with the class that linking relative must hold first (facts 2.4).
THROUGH_A_RELATIVE = {
    Relation.GRANDCHILD: "T3",
    Relation.NIECE_NEPHEW: "T5",
    Relation.SPOUSE_CHILD: "T2",
    Relation.ADULT_SIBLING: "T4",
}


class Marital(StrEnum):
    """Of the relative. For a spouse: of the marriage with the survivor (`never`: not married by law)."""

    NEVER = "never"
    MARRIED = "married"
    DIVORCED = "divorced"
    WIDOWED = "widowed"
    ANNULLED = "annulled"


class MarriageWhen(StrEnum):
    """The survivor's marriage (with the spouse, or with the stepchild's parent) against the I-914."""

    BEFORE_FILING = "before_filing"
    WHILE_PENDING = "while_pending"
    AFTER_APPROVAL = "after_approval"


class Danger(StrEnum):
    """Present danger of retaliation because of the survivor's escape or cooperation (8 CFR 214.211(a)(3))."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Link(StrEnum):
    """The class already held by the relative through whom a T-6 would come."""

    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    NONE = "none"


class Location(StrEnum):
    """Where the relative is."""

    ABROAD = "abroad"
    IN_US = "in_us"


class Flag(StrEnum):
    """Circumstances that always need a lawyer."""

    CRIMINAL = "criminal"
    PRIOR_REMOVAL = "prior_removal"
    PRIOR_OVERSTAY = "prior_overstay"
    UNLAWFUL_PRESENCE = "unlawful_presence"
    FALSE_CLAIM = "false_claim"
    TERRORISM_SECURITY = "terrorism_security"
    WAS_TRAFFICKER = "was_trafficker"
    CUSTODY_DISPUTE = "custody_dispute"
    NO_PASSPORT = "no_passport"


class Field(StrEnum):
    """What may have to be asked."""

    RELATION = "relation"
    MARITAL = "marital"
    STATUS = "status"
    PRINCIPAL_NOW = "principal_now"
    I914A_STATUS = "i914a_status"
    REL_AGE_FILING = "rel_age_filing"
    REL_AGE_NOW = "rel_age_now"
    REL_21_BEFORE = "rel_21_before"
    STEP_AGE = "step_age"
    ADOPTION = "adoption"
    MARRIAGE_WHEN = "marriage_when"
    PRINCIPAL_AGE_FILING = "principal_age_filing"
    PRINCIPAL_AGE_NOW = "principal_age_now"
    PRINCIPAL_21_BEFORE = "principal_21_before"
    LINK = "link"
    DANGER = "danger"
    LOCATION = "location"


@dataclass(frozen=True)
class Case:
    """One relative of one survivor. Dates win over stated ages where both are there."""

    principal_dob: date | None = None
    i914_filed_on: date | None = None
    i914_status: Filing | None = None
    i914_decided_on: date | None = None
    principal_now: PrincipalNow | None = None
    i914a_status: Filing | None = None
    i914a_filed_on: date | None = None
    rel: Relation | None = None
    rel_dob: date | None = None
    rel_marital: Marital | None = None
    marriage_date: date | None = None
    marriage_when: MarriageWhen | None = None
    adoption_date: date | None = None
    adoptive_custody_two_years: bool | None = None
    rel_age_at_marriage: AgeBand | None = None
    danger: Danger | None = None
    link_relative_class: Link | None = None
    location: Location | None = None
    nationalities: frozenset[str] = frozenset()
    flags: frozenset[Flag] = frozenset()
    principal_ages: Ages = NO_AGES
    rel_ages: Ages = NO_AGES
    unsure: frozenset[Field] = frozenset()
