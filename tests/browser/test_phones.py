"""The phones page in a real browser, over the real webhooks of a real gateway (see conftest.py for what stands for Rasa)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from bot.channels.segments import plain
from bot.i18n.answers import Answers
from bot.i18n.languages import languages
from bot.settings import ROOT
from tests.browser.phones import Phones

pytestmark = pytest.mark.browser

CHANNELS = ("whatsapp", "sms", "telegram")
ANSWERS = Answers.load(ROOT)
ISOLATED_NUMBER = re.compile(r"\u2066[^\u2069]*\d[^\u2069]*\u2069")
#: Whether the first line that begins with an Arabic letter begins at the right edge of its bubble.
FROM_THE_RIGHT = """element => {
  const text = element.firstChild, start = text.data.search(/(?<=^|\\n)[\\u0600-\\u06ff]/), range = document.createRange();
  range.setStart(text, start);
  range.setEnd(text, start + 1);
  return start >= 0 && element.getBoundingClientRect().right - range.getBoundingClientRect().right < 4;
}"""
URDU_CONTACT = "کیا آپ کا فون نمبر مل سکتا ہے"


def said(name: str, country: str | None = "US") -> str:
    """How an English answer begins; long enough to know it by."""
    return plain(ANSWERS.render(name, "en", country).text)[:60]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_text_on_each_phone_is_answered(phones: Phones, channel: str) -> None:
    phone = phones[channel]
    answer = phone.ask("hello")
    assert said("utter_welcome", None if channel == "telegram" else "US")[:40] in answer
    expect(phone.mine.locator(".text")).to_have_text(["hello"])
    expect(phone.mine.last.locator(".ticks.kept")).to_be_visible()


def test_a_quick_reply_on_whatsapp_taps(phones: Phones) -> None:
    phone = phones.whatsapp
    phone.ask("hello")
    phone.ask("hello")
    titles = phone.buttons().all_inner_texts()
    assert 1 <= len(titles) <= 3
    before = phone.theirs.count()
    phone.buttons().first.click()
    assert phone.answer(before)
    tapped = phone.mine.last
    expect(tapped.locator(".text")).to_have_text(titles[0])
    expect(tapped.locator(".quote")).to_be_visible()


def test_a_list_on_whatsapp_opens_as_a_sheet_and_is_sent(phones: Phones) -> None:
    phone = phones.whatsapp
    phone.ask("what can you do")
    before = phone.theirs.count()
    phone.buttons().click()
    sheet = phone.box.locator(".sheet")
    expect(sheet.get_by_role("radio")).to_have_count(10)
    send = sheet.locator(".sheet-send")
    expect(send).to_be_disabled()
    sheet.get_by_label("What it costs").check()
    send.click()
    assert said("utter_ask_cost") in phone.answer(before)
    expect(phone.mine.last.locator(".text")).to_have_text("What it costs")


def test_an_inline_button_on_telegram_taps_and_stops_spinning(phones: Phones) -> None:
    phone = phones.telegram
    phone.ask("hello")
    phone.ask("what can you do")
    mine, before = phone.mine.count(), phone.theirs.count()
    asked = phone.theirs.last
    asked.get_by_role("button", name="What it costs").click()
    assert said("utter_ask_cost", None) in phone.answer(before)
    expect(asked.locator(".busy")).to_have_count(0)
    expect(phone.mine).to_have_count(mine)


@pytest.mark.parametrize("number", ["4", "٤", "۴", "４."])
def test_a_choice_on_sms_is_answered_by_number_in_any_digits(phones: Phones, number: str) -> None:
    phone = phones.sms
    choices = phone.ask("what can you do")
    assert "4. What it costs" in choices
    expect(phone.box.locator(".buttons")).to_have_count(0)
    assert said("utter_ask_cost") in phone.ask(number)


def test_ticks_advance_on_both_sides(phones: Phones) -> None:
    for channel, last in (("whatsapp", "read"), ("sms", "delivered"), ("telegram", "read")):
        phone = phones[channel]
        phone.ask("hello")
        expect(phone.mine.last.locator(".ticks.kept")).to_be_visible()
        expect(phone.theirs.last.locator(f".ticks.{last}")).to_be_visible()


def test_sms_shows_what_a_message_costs(phones: Phones) -> None:
    phones.sms.ask("hello")
    expect(phones.sms.mine.last.locator(".parts")).to_have_text("1 SMS")
    expect(phones.sms.theirs.last.locator(".parts")).to_have_text(re.compile(r"[1-9] SMS"))
    phones.sms.write("здравствуйте, моя сестра в америке, сказала вам написать, может она нас забрать?")
    expect(phones.sms.mine.last.locator(".parts")).to_have_text("2 SMS")
    expect(phones.whatsapp.box.locator(".parts")).to_have_count(0)


@pytest.mark.parametrize("channel", CHANNELS)
def test_urdu_runs_from_right_to_left_with_its_numbers_isolated(phones: Phones, channel: str) -> None:
    phones.speak("اردو")
    phone = phones[channel]
    assert ISOLATED_NUMBER.search(phone.ask(URDU_CONTACT))
    for bubble in (phone.mine.last, phone.theirs.last):
        assert bubble.locator(".text").evaluate("element => element.dir") == "auto"
        assert bubble.locator(".text").evaluate(FROM_THE_RIGHT)
    # In a right-to-left page the person's own messages stand on the left.
    mine, theirs = phone.mine.last.bounding_box(), phone.theirs.last.bounding_box()
    assert mine
    assert theirs
    assert mine["x"] < theirs["x"]


def test_the_page_speaks_every_language(phones: Phones) -> None:
    labels, suggestions = set(), set()
    for each in languages():
        phones.speak(each.name)
        page = phones.page
        expect(page.locator("html")).to_have_attribute("lang", each.code)
        expect(page.locator("html")).to_have_attribute("dir", "rtl" if each.right_to_left else "ltr")
        labels.add(phones.sms.box.locator("textarea").get_attribute("placeholder"))
        strip = phones.whatsapp.box.locator(".strip button")
        assert 6 <= strip.count() <= 8
        suggestions.add(strip.first.inner_text())
    assert len(labels) == len(suggestions) == len(languages())


def test_a_suggested_message_is_sent_by_one_tap(phones: Phones) -> None:
    phones.speak("Español")
    phone = phones.whatsapp
    suggested = phone.box.locator(".strip button").nth(2)
    words = suggested.inner_text()
    suggested.click()
    expect(phone.mine.locator(".text")).to_have_text([words])
    assert phone.answer(0)
    expect(phone.place.locator(".number")).to_contain_text("+52")


def test_danger_is_answered_on_every_phone(phones: Phones) -> None:
    for channel in CHANNELS:
        phone = phones[channel]
        phone.box.locator(".all").click()
        phone.box.locator(".sheet .option").filter(has_text="kill us").click()
        assert said("utter_crisis_danger", None if channel == "telegram" else "US")[:40] in phone.answer(0)


def test_markup_in_a_message_is_shown_as_text(phones: Phones) -> None:
    words = '<script>alert(1)</script><img src=x onerror="alert(2)"> *bold*'
    for channel in CHANNELS:
        message = phones[channel].write(words)
        expect(message.locator(".text")).to_have_text(words)
        expect(message.locator("script, img")).to_have_count(0)


def test_everything_in_the_attach_menu_is_answered(phones: Phones) -> None:
    wanted = {"whatsapp": 4, "sms": 2, "telegram": 4}
    for channel, count in wanted.items():
        phone = phones[channel]
        kinds = phone.box.locator(".attachments button")
        expect(kinds).to_have_count(count)
        for number in range(count):
            before = phone.theirs.count()
            phone.box.locator(".attach").click()
            kinds.nth(number).click()
            assert phone.answer(before)
        expect(phone.mine.locator(".art")).to_have_count(count)


def test_a_sent_telegram_message_can_be_edited(phones: Phones) -> None:
    phone = phones.telegram
    phone.ask("how mcuh does it cost")
    before = phone.theirs.count()
    phone.mine.first.hover()
    phone.mine.first.get_by_role("button", name="Edit").click()
    expect(phone.writing).to_have_value("how mcuh does it cost")
    phone.writing.fill("how much does it cost")
    phone.writing.press("Enter")
    expect(phone.mine.first.locator(".text")).to_have_text("how much does it cost")
    expect(phone.mine.first.locator(".edited")).to_be_visible()
    assert said("utter_edited", None)[:40] in phone.answer(before)
    expect(phones.whatsapp.box.locator(".edit")).to_have_count(0)


def test_a_new_phone_is_somebody_else(phones: Phones) -> None:
    phone = phones.whatsapp
    phone.ask("hello")
    number = phone.place.locator(".number")
    expect(number).to_contain_text("+1")
    phone.place.get_by_role("combobox", name="Country").select_option("PH")
    phone.place.get_by_role("button", name="New phone").click()
    expect(number).to_contain_text("+63")
    expect(phone.mine).to_have_count(0)
    assert said("utter_welcome", "PH")[:40] in phone.ask("hello")


def test_a_reloaded_page_shows_the_same_talk(phones: Phones) -> None:
    phones.telegram.ask("hello")
    number = phones.telegram.place.locator(".number").inner_text()
    phones.page.reload()
    expect(phones.telegram.mine.locator(".text")).to_have_text(["hello"])
    expect(phones.telegram.place.locator(".number")).to_have_text(number)


def test_stop_on_sms_is_answered_by_the_carrier_alone(phones: Phones) -> None:
    phone = phones.sms
    phone.ask("hello")
    phone.write("STOP")
    expect(phone.box.locator("li.carrier")).to_have_count(1)
    before = phone.theirs.count()
    phone.write("hello?")
    phones.page.wait_for_timeout(2500)
    assert phone.theirs.count() == before
    phone.write("START")
    expect(phone.box.locator("li.carrier")).to_have_count(2)
    phone.page.wait_for_timeout(1500)
    phone.ask("how much does it cost")


def test_the_start_button_of_telegram_greets(phones: Phones) -> None:
    start = phones.telegram.box.get_by_role("button", name="Start", exact=True)
    start.click()
    assert said("utter_welcome", None)[:40] in phones.telegram.answer(0)
    expect(start).to_be_hidden()


def test_the_keyboard_alone_is_enough(phones: Phones) -> None:
    page, phone = phones.page, phones.whatsapp
    phone.ask("what can you do")
    opener = phone.buttons()
    opener.focus()
    page.keyboard.press("Enter")
    sheet = phone.box.locator(".sheet")
    expect(sheet.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    phone.writing.focus()
    page.keyboard.press("Shift+Tab")
    expect(phone.box.locator(".attach")).to_be_focused()
    page.keyboard.press("Enter")
    expect(phone.box.locator(".attachments button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(phone.box.locator(".attach")).to_be_focused()


def test_everything_to_press_has_a_name(phones: Phones) -> None:
    for button in phones.page.locator("button:visible, select:visible, textarea:visible, a:visible").all():
        assert button.evaluate("e => (e.ariaLabel || e.innerText || e.value || '').trim()"), button.evaluate("e => e.outerHTML")


def test_the_page_fits_a_narrow_screen(phones: Phones) -> None:
    phones.page.set_viewport_size({"width": 390, "height": 844})
    assert phones.page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [phones[channel].box.bounding_box() for channel in CHANNELS]
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3
    phones.sms.ask("hello")


def test_nothing_is_asked_of_another_host(page: Page, stack: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(stack)
    Phones(page).sms.ask("hello")
    assert hosts == {urlsplit(stack).netloc}


def test_the_console_is_one_click_and_one_login_away(phones: Phones) -> None:
    values = phones.page.locator(".console dd").all_inner_texts()
    with phones.page.expect_popup() as opened:
        phones.page.get_by_role("link", name="Caseworkers' console").click()
    console = opened.value
    console.get_by_label("Name").fill(values[0])
    console.get_by_label("Password").fill(values[1])
    console.get_by_role("button").click()
    expect(console).to_have_url(re.compile(r"/console/$"))
    expect(console.get_by_text(values[0])).to_be_visible()


def test_a_short_talk_in_three_languages_for_the_picture(phones: Phones, tmp_path: Path) -> None:
    """The picture of the README; HEARTH_PICTURE=1 writes docs/images/phones.png anew."""
    phones.speak("اردو")
    phones.telegram.ask("السلام علیکم")
    phones.telegram.ask("جہاز میں کتنا سامان لے جا سکتے ہیں")
    phones.speak("Español")
    phones.sms.ask("qué documentos necesito")
    phones.speak("English")
    phones.whatsapp.ask("how much does it cost")
    before = phones.whatsapp.theirs.count()
    phones.whatsapp.buttons().first.click()
    phones.whatsapp.answer(before)
    phones.page.mouse.move(700, 890)
    phones.page.evaluate("document.activeElement.blur()")
    phones.page.wait_for_timeout(800)
    target = ROOT / "docs" / "images" / "phones.png"
    if target.exists() and os.environ.get("HEARTH_PICTURE") != "1":
        target = tmp_path / "phones.png"
    phones.page.screenshot(path=target)
    assert target.stat().st_size > 50_000
