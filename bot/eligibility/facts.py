"""A case seen on one day: ages worked out, statuses completed, and what still has to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.eligibility.ages import AgeBand, Ages, age_on
from bot.eligibility.case import Case, Danger, Field, Filing, MarriageWhen, PrincipalNow, Relation
from bot.eligibility.outcome import Reason, Result, lawyer, need_info

#: Held only by somebody whose I-914 was approved.
_AFTER_APPROVAL = frozenset(
    {PrincipalNow.T1_VALID, PrincipalNow.T1_EXPIRED, PrincipalNow.T1_EXPIRING_6MO, PrincipalNow.I485_PENDING}
)


@dataclass(frozen=True)
class Facts:
    """A case on the day `today`. Decides nothing by itself."""

    case: Case
    today: date

    @property
    def status(self) -> Filing | None:
        """How far the survivor's I-914 has come."""
        if self.case.i914_status is None and self.case.principal_now in _AFTER_APPROVAL:
            return Filing.APPROVED
        return self.case.i914_status

    @property
    def filed(self) -> bool:
        """The filing date, which locks ages, is behind us."""
        return self.status is not Filing.NOT_FILED

    @property
    def rel(self) -> Ages:
        """Ages of the relative."""
        return self._ages(self.case.rel_dob, self.case.rel_ages)

    @property
    def principal(self) -> Ages:
        """Ages of the survivor."""
        return self._ages(self.case.principal_dob, self.case.principal_ages)

    def _ages(self, dob: date | None, stated: Ages) -> Ages:
        if dob is None:
            return stated.narrowed()

        def on(day: date | None, said: AgeBand) -> AgeBand:
            return AgeBand.exactly(age_on(dob, day)) if day else said

        case = self.case
        return Ages(
            on(case.i914_filed_on, stated.at_filing),
            on(case.i914_decided_on, stated.at_decision),
            on(self.today, stated.now),
        ).narrowed()

    @property
    def rel_locked(self) -> AgeBand:
        """The relative's age that counts: at filing, or today's while nothing is filed."""
        return self.rel.at_filing if self.filed else self.rel.now

    @property
    def principal_locked(self) -> AgeBand:
        """The survivor's age that counts."""
        return self.principal.at_filing if self.filed else self.principal.now

    @property
    def danger(self) -> Danger | None:
        """Asked and not known counts as unsure."""
        if self.case.danger is None and Field.DANGER in self.case.unsure:
            return Danger.UNSURE
        return self.case.danger

    @property
    def marriage_when(self) -> MarriageWhen | None:
        """When the survivor married, against filing and decision."""
        case = self.case
        if case.marriage_date is None:
            return case.marriage_when
        if case.i914_decided_on and case.marriage_date > case.i914_decided_on and self.status is Filing.APPROVED:
            return MarriageWhen.AFTER_APPROVAL
        if case.i914_filed_on and case.marriage_date <= case.i914_filed_on:
            return MarriageWhen.BEFORE_FILING
        if case.i914_filed_on and (case.i914_decided_on or self.status is Filing.PENDING):
            return MarriageWhen.WHILE_PENDING
        return case.marriage_when

    @property
    def rel_age_at_marriage(self) -> AgeBand:
        """The stepchild's age at the survivor's marriage with its parent."""
        case = self.case
        if case.rel_dob and case.marriage_date:
            return AgeBand.exactly(age_on(case.rel_dob, case.marriage_date))
        return case.rel_age_at_marriage or AgeBand()

    @property
    def became_child_after_filing(self) -> bool:
        """Born, adopted or made a stepchild after the I-914 was filed (8 CFR 214.211(e)(1))."""
        case = self.case
        if not self.filed:
            return False
        if case.rel is Relation.STEPCHILD:
            return self.marriage_when is MarriageWhen.WHILE_PENDING
        since = case.adoption_date if case.rel is Relation.ADOPTED_CHILD else case.rel_dob
        return bool(since and case.i914_filed_on and since > case.i914_filed_on)

    def need(self, field: Field, otherwise: Result | None = None) -> Result:
        """Ask for `field`; if it was asked and is not known, `otherwise` (a lawyer by default)."""
        if field not in self.case.unsure:
            return need_info(field)
        return otherwise or lawyer(Reason.STATUS_UNKNOWN if field is Field.STATUS else Reason.UNKNOWN)

    def need_status(self) -> Result | None:
        """What must be known of the survivor's application before any class can be named; None once it is."""
        if self.status is None:
            return self.need(Field.STATUS)
        if self.status is Filing.APPROVED and self.case.principal_now is None:
            return self.need(Field.PRINCIPAL_NOW)
        return None
