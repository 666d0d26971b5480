"""Ages at the three moments the rules ask about, known exactly, as a band, or not at all.

A question such as "under 21?" has three answers: yes, no, and open. An open one is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

#: Nobody older than this is asked about; bounds an unknown age.
OLDEST = 130


@dataclass(frozen=True)
class AgeBand:
    """An age in whole years between `low` and `high`, both included."""

    low: int = 0
    high: int = OLDEST

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= OLDEST:
            raise ValueError(f"not a band of ages: {self.low}-{self.high}")

    @classmethod
    def exactly(cls, age: int) -> Self:
        """One age; held between 0 and 130."""
        held = min(max(age, 0), OLDEST)
        return cls(held, held)

    def under(self, age: int) -> bool | None:
        """Before the birthday `age`: True, False, or None where the band leaves it open."""
        if self.high < age:
            return True
        return False if self.low >= age else None

    def year_before(self, age: int) -> bool:
        """Surely under `age`, and perhaps within twelve months of that birthday."""
        return self.high == age - 1

    def within(self, low: int, high: int) -> AgeBand:
        """The part of this band between `low` and `high`; this band itself where they contradict each other."""
        narrowed = max(self.low, low), min(self.high, high)
        return AgeBand(*narrowed) if narrowed[0] <= narrowed[1] else self


@dataclass(frozen=True)
class Ages:
    """Ages when Form I-914 was filed, when it was decided, and today."""

    at_filing: AgeBand = AgeBand()
    at_decision: AgeBand = AgeBand()
    now: AgeBand = AgeBand()

    def narrowed(self) -> Ages:
        """The same ages with what each tells about the others: nobody grows younger."""
        decision = self.at_decision.within(self.at_filing.low, self.now.high)
        return Ages(
            self.at_filing.within(0, decision.high),
            decision,
            self.now.within(decision.low, OLDEST),
        )


#: Nothing is known about an age.
NO_AGES = Ages()


def age_on(born: date, on: date) -> int:
    """Whole years from `born` to `on`, 0 before birth.

    Somebody born on 29 February turns a year older on 28 February of a common year: the earlier, cautious reading.
    """
    birthday = (born.month, born.day)
    if birthday == (2, 29) and not _leap(on.year):
        birthday = (2, 28)
    return max(0, on.year - born.year - ((on.month, on.day) < birthday))


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
