"""Whole talks of those who speak for children, and of those who let the family see: each part is its owner's to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, select

from bot.channels.base import ChannelName, Part
from bot.consent import audit
from bot.store.tables import outbox, release
from tests.conftest import Clock
from tests.consent.test_talk import PIN, SECOND, code_for, link, texts
from tests.talk import Talk

pytestmark = pytest.mark.anyio
WHERE = "where is my case"
SURVIVOR, SISTER, OLDER, YOUNGER = "May 2, 2026", "October 3, 2026", "September 4, 2026", "August 5, 2026"


def family(talk: Talk, role: str = "derivative") -> str:
    """A survivor, and her sister with two children for whom she speaks; gives the case's id."""
    with talk.desk.cases.changing("import", talk.clock()) as change:
        case = change.case("HF-1", caseworker="ana")
        survivor = change.person("P1", born=date(1990, 1, 1))
        children = change.person("P3", born=date(2012, 1, 1)), change.person("P4", born=date(2020, 1, 1))
        sister = change.person("P2", born=date(1988, 1, 1))
        change.role(case, survivor, "principal")
        for child in children:
            change.role(case, child, "derivative")
        change.role(case, sister, role, guards=children)
        for who, on in zip((survivor, *children), ((5, 2), (9, 4), (8, 5)), strict=True):
            change.milestone(case, who, "interview_set", date(2026, *on))
        if role == "derivative":
            change.milestone(case, sister, "interview_set", date(2026, 10, 3))
    return case


def words(talk: Talk, name: str, **values: str) -> str:
    return talk.answers.render(name, "en", **values).text


async def link_sister(talk: Talk, own: str = "I agree", children: str = "Yes, all of us") -> list[Part]:
    await talk.says("hello, i have a question about papers")
    await talk.says(code_for(talk, "P2"))
    await talk.says(PIN)
    await talk.says(PIN)
    await talk.taps(own)
    return await talk.taps(children)


@pytest.fixture
def survivor(start: Callable[[ChannelName], Talk]) -> Talk:
    return start(ChannelName.WHATSAPP)


async def test_a_mother_is_asked_for_herself_and_for_the_children_and_sees_all_under_headings(talk: Talk) -> None:
    family(talk)
    assert texts(await link_sister(talk)) == words(talk, "utter_linked")
    shown = [part.text for part in await talk.says(WHERE)]
    assert shown[0] == words(talk, "utter_part_own")
    under = dict(zip(shown[0:6:2], shown[1:6:2], strict=True))
    older, younger = (words(talk, "utter_part_ward_age", age=age) for age in ("14", "6"))
    assert SISTER in under[shown[0]]
    assert OLDER in under[older]
    assert YOUNGER in under[younger]
    assert SURVIVOR not in "".join(shown)


@pytest.mark.parametrize(
    ("own", "children", "sees"),
    [("No", "Yes, all of us", [OLDER, YOUNGER]), ("I agree", "No", [SISTER]), ("No", "No", [])],
)
async def test_each_consent_is_one_of_its_own(talk: Talk, own: str, children: str, sees: list[str]) -> None:
    family(talk)
    await link_sister(talk, own, children)
    await talk.says(WHERE)
    shown = texts(await talk.says(PIN))
    assert [day for day in (SURVIVOR, SISTER, OLDER, YOUNGER) if day in shown] == sees
    assert sees or shown == words(talk, "utter_private_nothing")


async def test_an_answer_to_the_first_question_is_none_to_the_second(talk: Talk) -> None:
    family(talk)
    again = await link_sister(talk, "I agree", "I agree")
    assert texts(again) == words(talk, "utter_consent_ask_children")
    await talk.taps("Yes, all of us")
    assert OLDER in texts(await talk.says(WHERE))


async def test_who_is_only_a_guardian_is_asked_once_and_sees_the_children(talk: Talk) -> None:
    family(talk, "guardian")
    await talk.says("hello, i have a question about papers")
    await talk.says(code_for(talk, "P2"))
    await talk.says(PIN)
    await talk.says(PIN)
    await talk.taps("Yes, all of us")
    shown = texts(await talk.says(WHERE))
    assert OLDER in shown
    assert YOUNGER in shown
    assert words(talk, "utter_part_own") not in shown


async def test_a_relative_lets_the_survivor_see_and_takes_it_back(talk: Talk, survivor: Talk) -> None:
    family(talk)
    await link_sister(talk)
    await link(survivor, "P1", SECOND)
    alone = texts(await survivor.says(WHERE))
    assert SURVIVOR in alone
    assert SISTER not in alone

    await talk.says(WHERE)
    asked = [part.text for part in await talk.taps("Who may see my step")]
    assert asked == [words(talk, "utter_release_ask_own"), words(talk, "utter_release_ask_ward")]
    await _tap(talk, "utter_release_ask_own", "Yes, let them see")
    both = texts(await survivor.says(WHERE))
    assert SURVIVOR in both
    assert SISTER in both
    assert words(talk, "utter_part_own") in both
    assert words(talk, "utter_part_relative") in both
    assert OLDER not in both
    assert SURVIVOR not in texts(await talk.says(WHERE))  # it opens one way
    assert SISTER not in texts(await survivor.says("when is my appointment"))

    looked = texts(await _who_looked(talk))
    assert words(talk, "utter_looked_family") in looked
    stands = await talk.taps("Who may see my step")
    assert words(talk, "utter_release_stands_own") in texts(stands)
    await talk.taps("Take back permission")
    assert SISTER not in texts(await survivor.says(WHERE))
    with talk.engine.connect() as connection:
        lines = connection.execute(select(audit.audit.c.outcome).where(audit.audit.c.action == "release")).scalars().all()
    assert lines == ["given", "withdrawn"]
    assert audit.verify(talk.engine) == []


async def test_what_is_taken_back_stops_an_answer_that_waits_and_erasure_too(talk: Talk, survivor: Talk) -> None:
    family(talk)
    await link_sister(talk)
    await link(survivor, "P1", SECOND)
    await talk.says(WHERE)
    await talk.taps("Who may see my step")
    await _tap(talk, "utter_release_ask_own", "Yes, let them see")
    survivor.send(WHERE)
    while await survivor.worker.step():
        pass
    await talk.taps("Who may see my step")
    await talk.taps("Take back permission")
    assert await survivor.settle() == []
    with talk.engine.connect() as connection:
        guards = [row for row in connection.scalars(select(outbox.c.guard)) if row]
    assert any(guard.count(":") > 4 for guard in guards)


async def test_the_guardian_decides_for_the_children_and_a_withdrawal_ends_it(talk: Talk, survivor: Talk) -> None:
    family(talk)
    await link_sister(talk)
    await link(survivor, "P1", SECOND)
    await talk.says(WHERE)
    await talk.taps("Who may see my step")
    await _tap(talk, "utter_release_ask_ward", "Yes, let them see")
    shown = texts(await survivor.says(WHERE))
    assert OLDER in shown
    assert YOUNGER in shown
    assert SISTER not in shown
    await talk.says("take my permission back")
    shown = texts(await survivor.says(WHERE))
    assert OLDER not in shown
    assert SURVIVOR in shown


async def test_a_release_needs_the_pin_and_a_second_pin_gives_nothing(
    talk: Talk,
    survivor: Talk,
    clock: Clock,
    engine: Engine,
) -> None:
    case = family(talk)
    await link_sister(talk)
    await talk.taps("A second PIN")
    await talk.says(SECOND)
    await talk.says(WHERE)
    await talk.taps("Who may see my step")
    clock.pass_(601)
    assert texts(await _tap(talk, "utter_release_ask_own", "Yes, let them see")) == words(talk, "utter_pin_ask")
    assert texts(await talk.says("9182")) == words(talk, "utter_private_nothing")
    await _tap(talk, "utter_release_ask_own", "Yes, let them see")
    assert texts(await talk.says(SECOND)) == words(talk, "utter_release_none")
    assert texts(await _tap(talk, "utter_release_ask_own", "Yes, let them see")) == words(talk, "utter_pin_ask")
    with talk.desk.cases.changing("ana", clock()) as change:
        change.hold(case, True)
    await talk.says(PIN)
    assert texts(await _tap(talk, "utter_release_ask_own", "Yes, let them see")) == words(talk, "utter_private_nothing")
    with engine.connect() as connection:
        assert connection.execute(select(release)).all() == []
    await link(survivor, "P1", SECOND)
    with talk.desk.cases.changing("ana", clock()) as change:
        change.hold(case, False)
    await survivor.says(WHERE)
    assert texts(await survivor.taps("Who may see my step")) == words(talk, "utter_release_none")  # a survivor releases nothing


async def test_sms_hears_of_news_about_the_children_once(start: Callable[[ChannelName], Talk], clock: Clock) -> None:
    talk = start(ChannelName.SMS)
    case = family(talk)
    for text in ("hello, i have a question about papers", code_for(talk, "P2"), PIN, PIN, "1", "1"):
        await talk.says(text)
    news, none = words(talk, "utter_case_news_sms"), words(talk, "utter_case_no_news")
    assert texts(await talk.says(WHERE)) == news
    clock.pass_(60)
    assert texts(await talk.says(WHERE)) == none
    clock.pass_(60)
    with talk.desk.cases.changing("ana", clock()) as change:
        change.milestone(case, change.person_id(case, "P4"), "visa_issued", date(2026, 11, 20))
    assert texts(await talk.says(WHERE)) == news


async def _tap(talk: Talk, name: str, title: str) -> list[Part]:
    """Taps a button under one certain answer."""
    asked = next(part for part in reversed(talk.heard) if words(talk, name) in part.text)
    found = next(choice for choice in asked.choices if choice.title == title)
    return await talk.says("", kind="tap", choice_id=found.id)


async def _who_looked(talk: Talk) -> list[Part]:
    return await talk.taps("Who looked")
