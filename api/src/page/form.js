// The search box and what is set beside it.

import { element, field } from "./dom.js";
import { filterChips } from "./filter.js";
import { nameOf, queryLanguages } from "./languages.js";
import { percent, texts } from "./texts.js";

/** Long enough that a word is typed, short enough that the page seems to listen. */
const PAUSE_MS = 250;
const depths = [10, 20, 50, 100];

/**
 * The form. `go` hears what changes: `go(changes, { isTyping, isAgain })`.
 *
 * `show` sets it as a state has it, over what the server has; `detected` says which language
 * a query was taken for, and `blame` which field a problem names.
 */
export function searchForm(go) {
  const query = element("input", { type: "search", id: "query", name: "q", autocomplete: "off", spellcheck: "false", dir: "auto", maxlength: "4096", "aria-label": texts.query, placeholder: texts.query });
  const controls = {
    collection: element("select", { name: "in" }),
    lang: element("select", { name: "lang" }),
    rerank: element("select", { name: "rerank" }),
    depth: element("select", { name: "depth" }),
  };
  const modes = modeChoice(go);
  const filter = filterChips(go);
  const collectionField = field(texts.collection, controls.collection, "field wide");
  const node = element(
    "form",
    { class: "search", role: "search" },
    element("div", { class: "box" }, query, element("button", { type: "submit", class: "strong" }, texts.search)),
    element(
      "div",
      { class: "settings" },
      modes.node,
      collectionField,
      field(texts.queryLanguage, controls.lang),
      field(texts.rerank, controls.rerank),
      field(texts.depth, controls.depth),
    ),
    filter.node,
  );
  listen(node, query, controls, go);

  // What the last query was taken for, which holds as long as that query stands there.
  let taken = { query: null, name: texts.detect };
  const detectionOf = (text) => (text === taken.query ? taken.name : texts.detect);

  const show = (state, server, collection) => {
    // Whoever is typing is ahead of the state.
    if (document.activeElement !== query || query.value.trim() === "") query.value = state.query;
    const languages = server.collections.find(({ name }) => name === collection)?.languages ?? {};
    collectionField.hidden = server.collections.length < 2;
    fill(controls.collection, server.collections.map(({ name }) => [name, name]), collection);
    const codes = queryLanguages(Object.keys(languages)).map((code) => [code, nameOf(code)]);
    fill(controls.lang, [["auto", detectionOf(state.query)], ...codes], state.lang);
    fill(controls.rerank, [["", texts.noRerank], ...server.stacks.map((stack) => [stack, stack])], state.rerank);
    fill(controls.depth, [...new Set([...depths, state.depth])].sort((a, b) => a - b).map((depth) => [depth, depth]), state.depth);
    modes.show(state.mode);
    filter.show(state.only, languages);
  };

  const detected = (text, { lang, confidence }) => {
    taken = { query: text, name: lang === "und" ? texts.detect : texts.detected(nameOf(lang), percent(confidence)) };
    controls.lang.options[0].textContent = taken.name;
  };

  // A problem names its field by a path: `rerank.stack` is wrong where reranking is set.
  const blame = (path, describedBy) => {
    const named = { query, ...controls }[(path ?? "").split(".")[0]];
    for (const control of [query, ...Object.values(controls)]) {
      control.toggleAttribute("aria-invalid", false);
      control.removeAttribute("aria-describedby");
    }
    named?.setAttribute("aria-invalid", "true");
    named?.setAttribute("aria-describedby", describedBy);
  };

  return { node, query, show, detected, blame };
}

function listen(node, query, controls, go) {
  let timer = null;
  const typed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => go({ query: query.value.trim() }, { isTyping: true }), PAUSE_MS);
  };
  query.addEventListener("input", (event) => {
    // Letters on their way through an input method are no words yet.
    if (!event.isComposing) typed();
  });
  query.addEventListener("compositionend", typed);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    go({ query: query.value.trim() }, { isAgain: true });
  });
  // What is filtered by belongs to the collection that was left.
  controls.collection.addEventListener("change", () => go({ collection: controls.collection.value, only: [] }));
  for (const name of ["lang", "rerank"]) controls[name].addEventListener("change", () => go({ [name]: controls[name].value }));
  controls.depth.addEventListener("change", () => go({ depth: Number(controls.depth.value) }));
}

function modeChoice(go) {
  const choices = Object.entries(texts.modes).map(([mode, name]) => {
    const radio = element("input", { type: "radio", name: "mode", value: mode, on: { change: () => go({ mode }) } });
    return element("label", {}, radio, element("span", {}, name));
  });
  const node = element("fieldset", { class: "modes" }, element("legend", {}, texts.mode), element("div", {}, choices));
  const show = (mode) => node.querySelectorAll("input").forEach((radio) => (radio.checked = radio.value === mode));
  return { node, show };
}

// A value that is not among the options, from an address that somebody wrote, is shown as it is; the server will say so.
function fill(select, options, value) {
  const known = options.some(([option]) => String(option) === String(value));
  const all = known ? options : [...options, [value, value]];
  select.replaceChildren(...all.map(([option, name]) => element("option", { value: option }, String(name))));
  select.value = value;
}
