// The page: three phones, one stream of events, one language.

import { Phone } from "./phone.js";
import { first, language, speak, word } from "./words.js";

const KEY = "hearth-phones";
const phones = [...document.querySelectorAll(".place")].map((section) => new Phone(section, post));
const stopped = document.querySelector(".stopped");
const complaint = document.querySelector(".not-done");
let stream = null;

/** Sends an order; what became of it comes back as an event. */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    complain(!response.ok);
    return response.ok ? response : null;
  } catch {
    complain(true);
    return null;
  }
}

function complain(needed) {
  complaint.textContent = needed ? word("not_done") : "";
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

/** Gives phones fresh numbers (or chats) in their chosen countries; what is sent meanwhile waits for them. */
async function renew(several) {
  for (const phone of several) {
    const country = phone.country?.value || language().home;
    phone.ready = post("/phones", { channel: phone.channel, country, language: language().code }).then(async (response) => {
      if (response) phone.id = (await response.json()).id;
    });
  }
  await Promise.all(several.map((phone) => phone.ready));
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(phones.map((phone) => [phone.channel, phone.id]))));
  watch();
}

/** One stream for all phones; opened again when a phone was changed. */
function watch() {
  stream?.close();
  stream = new EventSource(`/events?phones=${phones.map((phone) => phone.id).join(",")}`);
  stream.addEventListener("open", () => { stopped.hidden = true; });
  stream.addEventListener("error", () => { stopped.hidden = false; });
  stream.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    const phone = phones.find((each) => each.id === event.phone);
    if (!phone) return;
    if (event.event === "gone") renew([phone]);
    else phone.take(event);
  });
}

function choose(code) {
  speak(code);
  document.querySelector(`.languages input[value="${code}"]`).checked = true;
  for (const phone of phones) phone.translate();
  tick();
}

function tick() {
  for (const phone of phones) phone.tick(new Date());
}

for (const radio of document.querySelectorAll(".languages input")) {
  radio.addEventListener("change", () => {
    choose(radio.value);
    // A phone nobody wrote on yet comes from where the language is spoken.
    const fresh = phones.filter((phone) => phone.country && !phone.messages.size);
    for (const phone of fresh) phone.country.value = language().home;
    renew(fresh);
  });
}
for (const phone of phones) phone.renew.addEventListener("click", () => renew([phone]));
document.addEventListener("visibilitychange", () => { for (const phone of phones) phone.look(); });
setInterval(tick, 10_000);

choose(first());
const before = remembered();
for (const phone of phones) phone.id = before[phone.channel] || "";
await renew(phones.filter((phone) => !phone.id));
