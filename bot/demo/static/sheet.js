// The sheet that slides over a phone's screen: a list to choose from, or all suggested messages.

import { make } from "./bubbles.js";

export class Sheet {
  /** @param screen the phone's screen; everything on it but the sheet is out of reach while the sheet is open. */
  constructor(screen) {
    this.box = screen.querySelector(".sheet");
    this.rest = [...screen.children].filter((each) => each !== this.box);
    this.title = this.box.querySelector("b");
    this.options = this.box.querySelector(".options");
    this.send = this.box.querySelector(".sheet-send");
    this.box.querySelector(".close").addEventListener("click", () => this.close());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.send.addEventListener("click", () => {
      const chosen = this.options.querySelector("input:checked");
      this.close();
      if (chosen) this.taken(chosen.value);
    });
  }

  /** Shows radio buttons and a button to send; calls `taken` with the value that was sent. */
  choose(title, options, opener, taken) {
    this.taken = taken;
    this.send.hidden = false;
    this.send.disabled = true;
    const rows = options.map(({ value, text }) => {
      const row = make("label", "option");
      const radio = make("input");
      radio.type = "radio";
      radio.name = "option";
      radio.value = value;
      radio.addEventListener("change", () => { this.send.disabled = false; });
      const words = make("span", "", text);
      words.dir = "auto";
      row.append(words, radio);
      return row;
    });
    this.open(title, rows, opener);
  }

  /** Shows texts; calls `taken` with the one that was tapped. */
  pick(title, texts, opener, taken) {
    this.send.hidden = true;
    const rows = texts.map((text) => {
      const row = make("button", "option", text);
      row.type = "button";
      row.dir = "auto";
      row.addEventListener("click", () => {
        this.close();
        taken(text);
      });
      return row;
    });
    this.open(title, rows, opener);
  }

  open(title, rows, opener) {
    this.opener = opener;
    this.title.textContent = title;
    this.box.setAttribute("aria-label", title);
    this.options.replaceChildren(...rows);
    this.box.hidden = false;
    for (const each of this.rest) each.inert = true;
    (rows[0].querySelector("input") || rows[0]).focus();
  }

  close() {
    this.box.hidden = true;
    for (const each of this.rest) each.inert = false;
    if (this.opener?.isConnected) this.opener.focus();
  }
}
