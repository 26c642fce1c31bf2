// The languages that hits may be in, each with how many documents there are.

import { element } from "./dom.js";
import { nameOf } from "./languages.js";
import { count, texts } from "./texts.js";

/** Chips that are there before somebody asks for the others. */
const FEW = 10;

/** Chips of languages. `go` hears which ones are chosen. */
export function filterChips(go) {
  const node = element("div", { class: "chips", role: "group", "aria-label": texts.only });
  let isAll = false;

  const show = (only, languages) => {
    const order = Object.keys(languages).sort((a, b) => languages[b] - languages[a] || nameOf(a).localeCompare(nameOf(b)));
    const codes = [...new Set([...order, ...only])];
    const shown = codes.filter((code, nth) => isAll || nth < FEW || only.includes(code));
    const toggle = (code) => go({ only: only.includes(code) ? only.filter((other) => other !== code) : [...only, code] });
    const chips = [
      element("span", { class: "label", "aria-hidden": "true" }, texts.only),
      chip("", texts.anyLanguage, null, only.length === 0, () => go({ only: [] })),
      ...shown.map((code) => chip(code, nameOf(code), languages[code] ?? 0, only.includes(code), () => toggle(code))),
    ];
    if (codes.length > FEW) {
      const text = isAll ? texts.fewerLanguages : texts.moreLanguages(codes.length - shown.length);
      const click = () => {
        isAll = !isAll;
        show(only, languages);
        node.querySelector("[data-code='more']").focus();
      };
      const more = element("button", { type: "button", class: "more", "aria-expanded": String(isAll), on: { click } }, text);
      more.dataset.code = "more";
      if (isAll || shown.length < codes.length) chips.push(more);
    }
    // Chips are made anew; who was on one stays on it.
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.code : null;
    node.replaceChildren(...chips);
    node.hidden = codes.length < 2;
    if (focused !== null) [...node.querySelectorAll("button")].find((button) => button.dataset.code === focused)?.focus();
  };

  return { node, show };
}

function chip(code, name, documents, isPressed, click) {
  const number = documents === null ? null : [" ", element("span", { class: "soft" }, count(documents))];
  const button = element("button", { type: "button", class: "chip", "aria-pressed": String(isPressed), on: { click } }, element("bdi", {}, name), number);
  button.dataset.code = code;
  return button;
}
