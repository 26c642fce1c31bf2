// The collections of the server: how much there is, in which languages, and a place to add more.

import { addressOf } from "./address.js";
import { element } from "./dom.js";
import { badge } from "./languages.js";
import { count, size, texts } from "./texts.js";
import { uploadBox } from "./upload.js";

/** The view of collections; `changed` hears when documents were added. */
export function collectionsView(changed) {
  const cards = element("div", { class: "cards" });
  const node = element("div", { class: "view" }, element("h1", { class: "hidden" }, texts.views.collections), cards);
  // An upload box says what came of its files, and must not lose that when the figures beside it change.
  const boxes = new Map();
  const boxOf = ({ name, writable }) => {
    if (!writable) return null;
    if (!boxes.has(name)) boxes.set(name, uploadBox(name, changed));
    return boxes.get(name);
  };

  const show = (state, server) => {
    const made = server.collections.map((collection) => card(collection, state, boxOf(collection)));
    cards.replaceChildren(...(made.length > 0 ? made : [element("p", { class: "nothing" }, texts.noCollections)]));
  };
  return { node, show };
}

function card(collection, state, box) {
  const search = addressOf({ ...state, view: "search", collection: collection.name, only: [] });
  const facts = [
    [texts.documents, count(collection.documents)],
    [texts.size, size(collection.size_bytes)],
    [texts.segments, count(collection.segments)],
    [texts.generation, count(collection.generation)],
    [texts.encoder, collection.encoder],
    [texts.writable, collection.writable ? texts.isWritable : texts.isReadOnly],
  ];
  return element(
    "section",
    { class: "card" },
    element("div", { class: "head" }, element("h2", {}, collection.name), element("a", { href: search }, texts.searchHere)),
    element("dl", { class: "figures" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
    languageBars(collection.languages),
    box,
  );
}

function languageBars(languages) {
  const rows = Object.entries(languages).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return element("p", { class: "nothing" }, texts.empty);
  const [, most] = rows[0];
  const bar = (documents) => element("span", { class: "bar", share: documents / most, "aria-hidden": "true" });
  return element("ul", { class: "languages" }, rows.map(([code, documents]) => element("li", {}, badge(code), bar(documents), element("span", { class: "number" }, count(documents)))));
}
