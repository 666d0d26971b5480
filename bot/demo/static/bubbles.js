// One message on a screen. Texts only ever become text, never markup.

import { fill, time, word } from "./words.js";

const ART = { photo: "art-photo", voice: "art-voice", location: "art-map", sticker: "art-sticker" };
const SIGNS = {
  waiting: "wait", kept: "ticks", failed: "fault",
  queued: "wait", sent: "tick", delivered: "ticks", read: "ticks", undelivered: "fault",
};

/** An element with a class, perhaps with a text. */
export function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A drawing from icons.svg. */
export function icon(name, size = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  if (size) svg.setAttribute("class", size);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Puts `message` into the list item `item`; whatever has the keyboard's focus keeps it. */
export function show(item, message, phone) {
  const focused = item.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  item.className = `bubble ${message.mine ? "mine" : "theirs"} ${message.kind} ${message.status}`;
  item.dataset.id = message.id;
  item.replaceChildren(body(message, phone), ...keyboard(message, phone));
  fill(item);
  if (focused) item.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function body(message, phone) {
  const box = make("div", "body");
  box.append(make("span", "unseen", `${message.mine ? word("you") : "Hearth"}: `));
  if (message.quote) {
    const quote = make("blockquote", "quote");
    const words = make("span", "", message.quote);
    words.dir = "auto";
    quote.append(words);
    box.append(quote);
  }
  if (ART[message.kind]) {
    box.append(icon(ART[message.kind], "art"), make("span", "unseen", word(message.kind)));
  }
  if (message.text) {
    const text = make("p", "text", message.text);
    text.dir = "auto";
    box.append(text);
  }
  box.append(meta(message));
  if (message.mine && message.status === "failed") box.append(action("retry", () => phone.again(message)));
  if (message.mine && message.kind === "text" && phone.edits) {
    const pen = action("edit", () => phone.startEditing(message));
    pen.replaceChildren(icon("pen"));
    pen.removeAttribute("data-word");
    pen.dataset.label = "edit";
    box.append(pen);
  }
  return box;
}

function action(name, run) {
  const button = make("button", name);
  button.type = "button";
  button.dataset.word = name;
  button.dataset.key = name;
  button.addEventListener("click", run);
  return button;
}

function meta(message) {
  const line = make("span", "meta");
  if (message.edited) line.append(make("span", "edited", word("edited")));
  const when = make("time", "", time(new Date(message.at)));
  when.dateTime = message.at;
  when.dir = "auto";
  line.append(when);
  if (message.parts) {
    const parts = make("span", "parts", `${message.parts} SMS`);
    parts.dir = "ltr";
    parts.title = `${word("parts")}: ${message.parts}`;
    line.append(parts);
  }
  if (message.kind !== "carrier") {
    const ticks = make("span", `ticks ${message.status}`);
    ticks.title = word(message.status);
    ticks.append(icon(SIGNS[message.status]), make("span", "says", word(message.status)));
    line.append(ticks);
  }
  return line;
}

function keyboard(message, phone) {
  if (!message.buttons.length) return [];
  const box = make("div", `buttons ${message.look}`);
  if (message.look === "list") {
    const open = tappable("open-list", message.list_label, () => phone.openList(message, open));
    open.prepend(icon("list"));
    open.setAttribute("aria-haspopup", "dialog");
    box.append(open);
    return [box];
  }
  const rows = new Map();
  for (const each of message.buttons) {
    if (!rows.has(each.row)) rows.set(each.row, make("div", "row"));
    const button = tappable(each.id, each.title, () => phone.tap(message, each));
    if (message.look === "reply") {
      button.prepend(icon("reply"));
      button.disabled = Boolean(message.chosen);
    }
    button.classList.toggle("busy", message.busy === each.id);
    button.classList.toggle("chosen", message.chosen === each.id);
    rows.get(each.row).append(button);
  }
  box.append(...rows.values());
  return [box];
}

function tappable(key, title, run) {
  const button = make("button", "");
  button.type = "button";
  button.dataset.key = key;
  const label = make("span", "", title);
  label.dir = "auto";
  button.append(label);
  button.addEventListener("click", run);
  return button;
}
