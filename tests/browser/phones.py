"""The phones page as a person uses it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

ANSWER_MS = 20_000


class Phone:
    """One of the three phones."""

    def __init__(self, page: Page, channel: str) -> None:
        self.page, self.channel = page, channel
        self.box = page.locator(f".phone.{channel}")
        self.place = page.locator(".place").filter(has=self.box)
        self.mine = self.box.locator("li.mine")
        self.theirs = self.box.locator("li.theirs")
        self.writing = self.box.locator("textarea")

    def write(self, text: str) -> Locator:
        """Types and sends; gives the person's new message."""
        before = self.mine.count()
        self.writing.fill(text)
        self.writing.press("Enter")
        expect(self.mine).to_have_count(before + 1)
        return self.mine.last

    def ask(self, text: str) -> str:
        """Writes and waits for the answer; gives the text of what came, all messages of it."""
        before = self.theirs.count()
        self.write(text)
        return self.answer(before)

    def answer(self, before: int) -> str:
        """What came after the first `before` messages of the bot, once it stays the same for a moment."""
        expect(self.theirs.nth(before)).to_be_visible(timeout=ANSWER_MS)
        count = 0
        while count != self.theirs.count():
            count = self.theirs.count()
            self.page.wait_for_timeout(900)
        texts = self.theirs.locator(".text").all_text_contents()
        return "\n".join(texts[before:])

    def buttons(self) -> Locator:
        """What can be tapped under the bot's last message."""
        return self.theirs.last.locator(".buttons button")


class Phones:
    """The page with all three."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.whatsapp, self.sms, self.telegram = (Phone(page, name) for name in ("whatsapp", "sms", "telegram"))
        expect(self.sms.place.locator(".number")).not_to_be_empty()

    def __getitem__(self, channel: str) -> Phone:
        return {"whatsapp": self.whatsapp, "sms": self.sms, "telegram": self.telegram}[channel]

    def speak(self, name: str) -> None:
        """Chooses a language by its own name."""
        self.page.locator(".languages label").filter(has_text=name).click()
