// A whole document, over the hits.

import { documentOf, isAbort } from "./api.js";
import { element } from "./dom.js";
import { badge, written } from "./languages.js";
import { notice } from "./notice.js";
import { texts } from "./texts.js";

/** The dialog; `show` opens it on a document, or closes it when the state names none. `closed` hears when a reader closes it. */
export function documentDialog(closed) {
  const body = element("div", { class: "document" });
  const close = element("button", { type: "button", class: "round close", "aria-label": texts.close, on: { click: () => node.close() } });
  const node = element("dialog", { class: "reader", "aria-label": texts.document }, close, body);
  let loading = null;
  let open = "";

  node.addEventListener("close", () => {
    loading?.abort();
    if (open !== "") closed();
    open = "";
  });
  // A click beside the page of text is one on the dialog itself.
  node.addEventListener("click", (event) => event.target === node && node.close());

  const show = async (id, collection) => {
    if (id === open) return;
    open = id;
    loading?.abort();
    if (id === "") return node.close();
    loading = new AbortController();
    const { signal } = loading;
    body.replaceChildren(element("p", { class: "soft" }, texts.loading));
    if (!node.open) node.showModal();
    try {
      const found = await documentOf(collection, id, { signal });
      body.replaceChildren(...pageOf(found));
      node.scrollTop = 0;
    } catch (error) {
      if (!isAbort(error)) body.replaceChildren(notice(error));
    }
  };

  return { node, show };
}

function pageOf({ id, lang, title, text, meta }) {
  const about = Object.entries(meta ?? {}).flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { dir: "auto" }, typeof value === "string" ? value : JSON.stringify(value)),
  ]);
  return [
    element("p", { class: "over" }, badge(lang), " ", element("code", { class: "soft" }, id)),
    element("div", written(lang), element("h2", {}, title || texts.noTitle), element("p", { class: "text" }, text)),
    ...(about.length > 0 ? [element("h3", {}, texts.meta), element("dl", { class: "facts" }, about)] : []),
  ];
}
