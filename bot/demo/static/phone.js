// One phone on the page: what it shows and what a person does on it.

import { make, show } from "./bubbles.js";
import { Sheet } from "./sheet.js";
import { language, time, word } from "./words.js";

const TYPING_MS = 20_000;
const NEAR_END_PX = 120;

export class Phone {
  /** @param post sends an order to the server: post(path, body), true when it was taken. */
  constructor(section, post) {
    this.box = section.querySelector(".phone");
    this.channel = this.box.dataset.channel;
    this.edits = this.box.dataset.edits === "true";
    this.id = "";
    this.ready = Promise.resolve();
    this.post = async (path, body) => {
      await this.ready;
      return post(`/phones/${this.id}/${path}`, body);
    };
    this.messages = new Map();
    this.talk = section.querySelector(".talk");
    this.list = this.talk.querySelector("ol");
    this.writing = this.talk.querySelector(".writing");
    this.state = section.querySelector(".state");
    this.number = section.querySelector(".number");
    this.country = section.querySelector(".country");
    this.renew = section.querySelector(".new");
    this.composer = section.querySelector(".composer");
    this.text = this.composer.querySelector("textarea");
    this.attach = section.querySelector(".attach");
    this.attachments = section.querySelector(".attachments");
    this.editing = section.querySelector(".editing");
    this.strip = section.querySelector(".strip");
    this.begin = section.querySelector(".begin");
    this.sheet = new Sheet(section.querySelector(".screen"));
    this.listen(section);
  }

  listen(section) {
    this.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      } else if (event.key === "Escape" && this.edited) this.stopEditing();
    });
    this.text.addEventListener("input", () => this.grow());
    this.attach.addEventListener("click", () => this.openAttachments(this.attachments.hidden));
    this.attachments.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.openAttachments(false);
      this.attach.focus();
    });
    for (const button of this.attachments.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        this.openAttachments(false);
        this.attach.focus();
        this.send(button.dataset.kind, "");
      });
    }
    section.querySelector(".all").addEventListener("click", (event) => {
      this.sheet.pick(word("suggestions"), language().script, event.currentTarget, (text) => this.send("text", text));
    });
    this.strip.addEventListener("wheel", (event) => {
      if (event.deltaX || this.strip.scrollWidth <= this.strip.clientWidth) return;
      event.preventDefault();
      this.strip.scrollLeft += event.deltaY * (document.dir === "rtl" ? -1 : 1);
    }, { passive: false });
    section.querySelector(".stop-editing").addEventListener("click", () => this.stopEditing());
    this.begin?.addEventListener("click", () => this.send("text", "/start"));
  }

  /** Words what depends on the language: suggestions, countries, states, times. */
  translate() {
    this.strip.replaceChildren(...language().script.map((line) => {
      const button = make("button", "");
      const words = make("span", "", line);
      words.dir = "auto";
      button.type = "button";
      button.append(words);
      button.addEventListener("click", () => this.send("text", line));
      return button;
    }));
    this.strip.scrollLeft = 0;
    if (this.country) {
      const chosen = this.country.value;
      this.country.replaceChildren(...Object.entries(language().countries).map(([code, name]) => new Option(name, code)));
      this.country.value = chosen || language().home;
    }
    for (const message of this.messages.values()) this.put(message);
    this.rest();
  }

  /** The state under the name when nobody writes. */
  rest() {
    this.writing.hidden = true;
    this.state.textContent = { whatsapp: word("online"), telegram: word("bot"), sms: "" }[this.channel];
    clearTimeout(this.waiting);
  }

  type() {
    this.writing.hidden = false;
    if (this.channel !== "sms") this.state.textContent = word("typing");
    this.toEnd();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.rest(), TYPING_MS);
  }

  /** Takes what the server says about this phone. */
  take(event) {
    if (event.event === "phone") {
      this.messages.clear();
      this.list.replaceChildren();
      this.number.textContent = this.channel === "telegram" ? `ID ${event.number}` : event.number;
      if (this.country) this.country.value = event.country;
      this.rest();
      this.started();
      for (const message of event.messages) this.put(message);
      this.look();
    } else if (event.event === "message") this.changed(event.message);
    else if (event.event === "typing") this.type();
    else if (event.event === "removed") {
      for (const id of event.ids) {
        this.messages.delete(id);
        this.list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.remove();
      }
    }
  }

  changed(message) {
    const before = this.messages.get(message.id);
    this.put(message);
    if (message.mine && message.status === "kept" && before?.status === "waiting") this.type();
    if (!message.mine && before?.busy && !message.busy) this.type();
    if (!message.mine && !before) this.rest();
    if (message.mine && message.status === "failed") this.rest();
    if (!message.mine && message.status === "delivered") this.look();
  }

  /** Shows a message, in its place when it stands already. */
  put(message) {
    const known = this.messages.has(message.id);
    this.messages.set(message.id, message);
    let item = known ? this.list.querySelector(`[data-id="${CSS.escape(message.id)}"]`) : null;
    if (!item) {
      item = make("li");
      this.list.append(item);
    }
    show(item, message, this);
    if (!known || this.nearEnd()) this.toEnd();
    this.started();
  }

  /** Telegram's start button stands there until something was said. */
  started() {
    this.talk.classList.toggle("empty", !this.messages.size);
    if (this.begin) this.begin.hidden = this.messages.size > 0;
  }

  nearEnd() {
    return this.talk.scrollHeight - this.talk.scrollTop - this.talk.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.talk.scrollTop = this.talk.scrollHeight;
  }

  /** Tells that everything on the screen was seen, when the page is. */
  look() {
    const unseen = [...this.messages.values()].some((each) => !each.mine && each.status === "delivered" && each.kind !== "carrier");
    if (!unseen || document.hidden || this.channel === "sms") return;
    clearTimeout(this.looking);
    this.looking = setTimeout(() => this.post("look", {}), 600);
  }

  submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const edited = this.edited;
    if (edited) {
      this.stopEditing();
      if (text !== edited.text) this.post("edit", { message: edited.id, text });
      return;
    }
    this.text.value = "";
    this.grow();
    this.send("text", text);
  }

  send(kind, text, again = "") {
    this.post("send", { kind, text, again, language: language().code });
  }

  again(message) {
    this.send(message.kind, message.text, message.id);
  }

  tap(message, button) {
    this.post("tap", { message: message.id, button: button.id });
  }

  openList(message, opener) {
    const options = message.buttons.map((each) => ({ value: each.id, text: each.title }));
    this.sheet.choose(message.list_label, options, opener, (id) => this.tap(message, { id }));
  }

  openAttachments(open) {
    this.attachments.hidden = !open;
    this.attach.setAttribute("aria-expanded", String(open));
    if (open) this.attachments.querySelector("button").focus();
  }

  startEditing(message) {
    this.edited = message;
    this.editing.hidden = false;
    this.editing.querySelector(".old").textContent = message.text;
    this.text.value = message.text;
    this.grow();
    this.text.focus();
  }

  stopEditing() {
    this.edited = null;
    this.editing.hidden = true;
    this.text.value = "";
    this.grow();
    this.text.focus();
  }

  /** The writing field grows with its text, up to five lines. */
  grow() {
    this.text.style.blockSize = "";
    if (this.text.scrollHeight > this.text.offsetHeight) this.text.style.blockSize = `${this.text.scrollHeight + 2}px`;
  }

  tick(now) {
    this.box.querySelector(".clock").textContent = time(now);
  }
}
