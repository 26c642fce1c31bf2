// Snippets with the words marked that stand for the query's, and which word each of them stands for.

import { element } from "./dom.js";
import { texts } from "./texts.js";

/**
 * The parts of `snippet`: text nodes and marks.
 *
 * Spans count Unicode code points, so the text is cut as those and not as UTF-16 units. Spans that lie outside or in one
 * another are left out.
 */
export function marked(snippet, spans = []) {
  const characters = Array.from(snippet);
  const text = (start, end) => characters.slice(start, end).join("");
  const parts = [];
  let end = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < end || span.end > characters.length || span.end <= span.start) continue;
    parts.push(text(end, span.start), element("mark", {}, text(span.start, span.end)));
    end = span.end;
  }
  parts.push(text(end));
  return parts.filter((part) => part !== "");
}

/**
 * Ties the marks in `snippet` to the `buttons` of the words that matched: who is on one sees the other.
 *
 * Marks come from vectors and words from an analyzer that cuts endings off, so they belong together when one holds the other.
 */
export function tie(snippet, buttons) {
  const marks = [...snippet.querySelectorAll("mark")];
  const pairs = buttons.map(({ button, forms }) => ({ button, marks: marks.filter((mark) => forms.some((form) => alike(form, mark.textContent))) }));
  const light = (pair, isOn) => [pair.button, ...pair.marks].forEach((part) => part.classList.toggle("lit", isOn || isKept(pair.button)));
  for (const pair of pairs) {
    for (const [event, isOn] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) {
      pair.button.addEventListener(event, () => light(pair, isOn));
    }
    // A finger does not hover.
    pair.button.addEventListener("click", () => {
      pair.button.setAttribute("aria-pressed", !isKept(pair.button));
      light(pair, true);
    });
    for (const mark of pair.marks) {
      mark.addEventListener("pointerenter", () => light(pair, true));
      mark.addEventListener("pointerleave", () => light(pair, false));
    }
  }
  const known = new Set(pairs.flatMap((pair) => pair.marks));
  marks.filter((mark) => !known.has(mark)).forEach((mark) => (mark.title = texts.near));
}

const isKept = (button) => button.getAttribute("aria-pressed") === "true";

function alike(form, word) {
  const [a, b] = [bare(form), bare(word)];
  return a !== "" && b !== "" && (a.includes(b) || b.includes(a));
}

// Letters without what is written above and below them, as analyzers see them.
const bare = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
