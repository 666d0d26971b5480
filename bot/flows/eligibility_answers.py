"""The questions of the eligibility conversation, their answers, and what these mean to the rules.

Answers are codes or an exact age in digits: no name, number or date of birth is ever asked or kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.eligibility.ages import OLDEST, AgeBand, Ages
from bot.eligibility.case import (
    CHILDREN,
    SIBLINGS,
    THROUGH_A_RELATIVE,
    Case,
    Danger,
    Field,
    Filing,
    Link,
    Location,
    Marital,
    MarriageWhen,
    PrincipalNow,
    Relation,
)
from bot.flows.reply import Phrase

DONT_KNOW = "dk"
RELATIONS = {
    "spouse": Relation.SPOUSE,
    "child": Relation.BIOLOGICAL_CHILD,
    "stepchild": Relation.STEPCHILD,
    "parent": Relation.PARENT,
    "sibling": Relation.SIBLING,
    "grandchild": Relation.GRANDCHILD,
    "niece_nephew": Relation.NIECE_NEPHEW,
    "partner": Relation.PARTNER,
    "other": Relation.OTHER,
}
_STATUS: dict[str, tuple[Filing, PrincipalNow | None]] = {
    "not_filed": (Filing.NOT_FILED, None),
    "pending": (Filing.PENDING, None),
    "approved": (Filing.APPROVED, PrincipalNow.T1_VALID),
    "green_card": (Filing.APPROVED, PrincipalNow.LPR),
}
_MARITAL = {
    "single": Marital.NEVER,
    "married": Marital.MARRIED,
    "divorced": Marital.DIVORCED,
    "widowed": Marital.WIDOWED,
}
_YES_NO = ("yes", "no")
_NEAR_21 = ("under_20", "20", "21_plus")
_NEAR_18 = ("under_17", "17", "18_plus")
AGE_QUESTIONS = frozenset(
    {Field.REL_AGE_FILING, Field.REL_AGE_NOW, Field.PRINCIPAL_AGE_FILING, Field.PRINCIPAL_AGE_NOW, Field.STEP_AGE}
)
#: Every question with its codes, "I don't know" left out.
QUESTIONS: dict[str, tuple[str, ...]] = {
    Field.RELATION: tuple(RELATIONS),
    Field.MARITAL: tuple(_MARITAL),
    Field.STATUS: tuple(_STATUS),
    Field.REL_AGE_FILING: (*_NEAR_21, *_NEAR_18),
    Field.REL_AGE_NOW: (*_NEAR_21, *_NEAR_18),
    Field.REL_21_BEFORE: _YES_NO,
    Field.STEP_AGE: ("under_18", "18_plus"),
    Field.MARRIAGE_WHEN: tuple(MarriageWhen),
    Field.PRINCIPAL_AGE_FILING: _NEAR_21,
    Field.PRINCIPAL_AGE_NOW: _NEAR_21,
    Field.PRINCIPAL_21_BEFORE: _YES_NO,
    Field.LINK: _YES_NO,
    Field.DANGER: _YES_NO,
    Field.LOCATION: tuple(Location),
}
#: What a bare yes or no answers, besides the questions whose codes are yes and no.
YES_OR_NO: dict[str, tuple[str, str]] = {question: ("yes", "no") for question, codes in QUESTIONS.items() if codes == _YES_NO} | {
    Field.MARITAL: ("married", "single")
}
#: About the person in the United States; kept when another relative is looked at.
ABOUT_PRINCIPAL = frozenset({Field.STATUS, Field.PRINCIPAL_AGE_FILING, Field.PRINCIPAL_AGE_NOW, Field.PRINCIPAL_21_BEFORE})
#: What may be changed, in the words of one choice each.
GROUPS: dict[str, tuple[str, ...]] = {
    "relation": (Field.RELATION,),
    "age": (Field.REL_AGE_FILING, Field.REL_AGE_NOW, Field.REL_21_BEFORE, Field.STEP_AGE),
    "marriage": (Field.MARITAL, Field.MARRIAGE_WHEN),
    "status": (Field.STATUS,),
    "principal_age": (Field.PRINCIPAL_AGE_FILING, Field.PRINCIPAL_AGE_NOW, Field.PRINCIPAL_21_BEFORE),
    "danger": (Field.DANGER,),
    "link": (Field.LINK,),
    "location": (Field.LOCATION,),
}


def valid(question: str, answer: str) -> bool:
    """`answer` is one of the choices of `question`, "I don't know", or an age in digits where an age is asked."""
    if question not in QUESTIONS:
        return False
    exact = question in AGE_QUESTIONS and answer.isascii() and answer.isdigit() and int(answer) <= OLDEST
    return exact or answer == DONT_KNOW or answer in QUESTIONS[question]


def band(answer: str | None) -> AgeBand:
    """The ages an answer stands for; open for none and for "I don't know"."""
    if answer is None or answer == DONT_KNOW:
        return AgeBand()
    if answer.startswith("under_"):
        return AgeBand(0, int(answer.removeprefix("under_")) - 1)
    if answer.endswith("_plus"):
        return AgeBand(int(answer.removesuffix("_plus")), OLDEST)
    return AgeBand.exactly(int(answer))


def case_of(answers: Mapping[str, str]) -> Case:
    """The answers as the rules read them."""
    known = {question: answer for question, answer in answers.items() if answer != DONT_KNOW}
    relation = RELATIONS[known[Field.RELATION]] if Field.RELATION in known else None
    filing, principal_now = _STATUS[known[Field.STATUS]] if Field.STATUS in known else (None, None)
    step_age = known.get(Field.STEP_AGE)
    when, danger, location = (known.get(q) for q in (Field.MARRIAGE_WHEN, Field.DANGER, Field.LOCATION))
    return Case(
        i914_status=filing,
        principal_now=principal_now,
        rel=relation,
        rel_marital=_MARITAL[known[Field.MARITAL]] if Field.MARITAL in known else None,
        marriage_when=MarriageWhen(when) if when else None,
        rel_age_at_marriage=band(step_age) if step_age else None,
        danger=Danger(danger) if danger else None,
        link_relative_class=_link(relation, known.get(Field.LINK)),
        location=Location(location) if location else None,
        principal_ages=Ages(
            band(known.get(Field.PRINCIPAL_AGE_FILING)),
            _turned_21_before(known.get(Field.PRINCIPAL_21_BEFORE)),
            band(known.get(Field.PRINCIPAL_AGE_NOW)),
        ),
        rel_ages=Ages(
            band(known.get(Field.REL_AGE_FILING)),
            _turned_21_before(known.get(Field.REL_21_BEFORE)),
            band(known.get(Field.REL_AGE_NOW)),
        ),
        unsure=frozenset(Field(question) for question, answer in answers.items() if answer == DONT_KNOW),
    )


def _turned_21_before(answer: str | None) -> AgeBand:
    if answer is None:
        return AgeBand()
    return AgeBand(21, OLDEST) if answer == "yes" else AgeBand(0, 20)


def _link(relation: Relation | None, answer: str | None) -> Link | None:
    if answer is None or relation is None:
        return None
    if answer == "no":
        return Link.NONE
    if relation in CHILDREN:
        return Link.T2
    return Link.T4 if relation in SIBLINGS else Link(THROUGH_A_RELATIVE.get(relation, "none"))


def variant(question: str, answers: Mapping[str, str]) -> str:
    """The response that asks `question`; some are worded for the kind of relative."""
    name, relation = f"utter_ask_eligibility_{question}", answers.get(Field.RELATION)
    if question in {Field.REL_AGE_FILING, Field.REL_AGE_NOW} and relation == "sibling":
        return f"{name}_sibling"
    if question == Field.MARITAL and relation == "spouse":
        return f"{name}_spouse"
    if question == Field.LINK:
        return f"{name}_{'child' if relation == 'stepchild' else relation}"
    return name


def understood(answers: Mapping[str, str], *only: str) -> Iterator[Phrase]:
    """What was understood, as short phrases; all of it or `only` some questions."""
    for question in _TOLD:
        answer = answers.get(question, DONT_KNOW)
        if answer == DONT_KNOW or (only and question not in only):
            continue
        if question not in AGE_QUESTIONS:
            yield Phrase(f"utter_fact_{question}_{answer}")
        elif answer.startswith("under_"):
            yield Phrase(f"utter_fact_{question}_under", {"age": answer.removeprefix("under_")})
        elif answer.endswith("_plus"):
            yield Phrase(f"utter_fact_{question}_over", {"age": answer.removesuffix("_plus")})
        else:
            yield Phrase(f"utter_fact_{question}", {"age": answer})


_TOLD = (
    Field.RELATION,
    Field.REL_AGE_FILING,
    Field.REL_AGE_NOW,
    Field.STEP_AGE,
    Field.MARITAL,
    Field.STATUS,
    Field.PRINCIPAL_AGE_FILING,
    Field.PRINCIPAL_AGE_NOW,
    Field.DANGER,
    Field.LOCATION,
)
