"""Linking a phone and asking for one's own case, on the phones page: what the person sees, and what is gone afterwards."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.phones import Phones

PIN = "2580"


def test_a_phone_is_linked_asked_and_hidden(phones: Phones, sample_code: str, tmp_path: Path) -> None:
    phone = phones.telegram
    phone.ask("hello")
    assert "choose a PIN" in phone.ask(sample_code)
    before = phone.theirs.count()
    phone.write(PIN)
    assert "once more" in phone.answer(before)
    expect(phone.mine.filter(has_text=PIN)).to_have_count(0)  # deleted on the phone
    before = phone.theirs.count()
    phone.write(PIN)
    assert "Do you agree?" in phone.answer(before)
    phone.theirs.last.get_by_role("button", name="I agree").click()
    expect(phone.theirs.last).to_contain_text("Done.")
    before = phone.theirs.count()
    phone.theirs.last.get_by_role("button", name="Where is my case?").click()
    assert "That is not a visa yet." in phone.answer(before)
    phone.box.screenshot(path=tmp_path / "my-case.png")
    phone.write("hide")
    expect(phone.theirs.filter(has_text="That is not a visa yet.")).to_have_count(0)
    assert "opening hours" in phone.ask("where is my case")
