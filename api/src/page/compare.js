// The same query asked in several ways, side by side.

import { element } from "./dom.js";
import { hitItem, placeList } from "./hit.js";
import { texts } from "./texts.js";
import { traceOf } from "./trace.js";

// A column has the colour of the stage that makes it.
const stageOf = { lexical: "lexical", hybrid: "fusion", dense: "dense" };

/** A column for each of `answers`, the one of `modes[n]` by that name; every hit says where the others have it. */
export function compareColumns(answers, modes, roundTrip, address) {
  const ranks = answers.map((answer) => new Map(answer.hits.map((hit) => [hit.id, hit.rank])));
  const elsewhere = (id, own) =>
    modes.flatMap((mode, nth) => (nth !== own && ranks[nth].has(id) ? [[stageOf[mode], texts.columns[mode], ranks[nth].get(id)]] : []));
  const columns = answers.map((answer, own) => {
    const places = (hit) => {
      const found = elsewhere(hit.id, own);
      return found.length > 0 ? placeList(found, texts.alsoAt) : element("p", { class: "soft alone" }, texts.nowhereElse);
    };
    const head = element("h2", {}, texts.columns[modes[own]]);
    head.dataset.stage = stageOf[modes[own]];
    const hits = answer.hits.map((hit) => hitItem(hit, address(hit.id), places(hit)));
    return element(
      "section",
      { class: "column", "aria-label": texts.columns[modes[own]] },
      head,
      traceOf(answer, roundTrip, false),
      hits.length > 0 ? element("ol", { class: "hits" }, hits) : element("p", { class: "nothing" }, texts.foundNothing),
    );
  });
  const node = element("div", { class: "columns" }, columns);
  // Who is on a hit sees the same document in the other columns.
  const light = (event) => {
    const id = event.type === "pointerleave" ? null : event.target.closest(".hit")?.dataset.id;
    node.querySelectorAll(".hit").forEach((hit) => hit.classList.toggle("same", hit.dataset.id === id));
  };
  for (const event of ["pointerover", "pointerleave", "focusin"]) node.addEventListener(event, light);
  return node;
}
