// The page's own words in the chosen language. Messages come from the assistant and are never touched here.

const all = JSON.parse(document.getElementById("words").textContent);
const KEY = "hearth-language";
let current = "en";

/** Everything of the chosen language: code, name, direction, labels, script, home, countries. */
export const language = () => all[current];

/** One label in the chosen language. */
export const word = (name) => all[current].labels[name];

/** The language to begin with: asked for in the address, chosen before, the browser's own, English. */
export function first() {
  const wanted = [new URLSearchParams(location.search).get("lang"), sessionStorage.getItem(KEY), ...navigator.languages];
  return wanted.map((code) => (code || "").slice(0, 2)).find((code) => code in all) || "en";
}

/** Chooses a language and words everything that stands on the page. */
export function speak(code) {
  current = code;
  sessionStorage.setItem(KEY, code);
  document.documentElement.lang = code;
  document.documentElement.dir = all[code].direction;
  fill(document);
}

/** Words the parts of the page under `root` that carry data-word, data-label or data-hint. */
export function fill(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = word(element.dataset.label);
  }
  for (const element of root.querySelectorAll("[data-hint]")) element.placeholder = word(element.dataset.hint);
}

/** The time of day as it is written in the chosen language. */
export function time(moment) {
  return new Intl.DateTimeFormat(current, { hour: "numeric", minute: "2-digit" }).format(moment);
}
