// The search view: asks, and shows what comes back.

import { Problem, isAbort, multiSearch, search } from "./api.js";
import { addressOf } from "./address.js";
import { compareColumns } from "./compare.js";
import { element } from "./dom.js";
import { searchForm } from "./form.js";
import { hitItem } from "./hit.js";
import { nameOf } from "./languages.js";
import { notice } from "./notice.js";
import { duration, texts } from "./texts.js";
import { traceOf } from "./trace.js";

const columnModes = ["lexical", "hybrid", "dense"];
const isWide = matchMedia("(min-width: 64rem)");

/** The search view; `show` brings it to a state. */
export function searchView(go) {
  const form = searchForm(go);
  const welcome = element("div");
  const status = element("p", { class: "status", role: "status" });
  const results = element("section", { class: "results", "aria-label": texts.hits });
  const node = element("div", { class: "view" }, welcome, form.node, status, results);
  let running = null;
  let shown = null;

  const show = (state, server, collection, isAgain = false) => {
    form.show(state, server, collection);
    greet(welcome, state, server, collection);
    node.classList.toggle("asked", state.query !== "");
    // A document that is opened or closed over the hits leaves them as they are.
    const asked = JSON.stringify([collection, { ...state, document: "", view: "" }, server.round]);
    if (asked === shown && !isAgain) return;
    shown = asked;
    running?.abort();
    if (state.query === "") {
      status.textContent = "";
      results.replaceChildren();
      return;
    }
    running = new AbortController();
    run(state, collection, running.signal);
  };

  const run = async (state, collection, signal) => {
    const start = performance.now();
    const how = { signal, onWait: (seconds) => (status.textContent = texts.waiting(seconds)) };
    results.setAttribute("aria-busy", "true");
    form.blame(null);
    try {
      const answers = await ask(state, collection, how);
      const roundTrip = performance.now() - start;
      const failed = answers.find((answer) => answer instanceof Problem);
      if (failed) throw failed;
      if (state.lang === "auto") form.detected(state.query, answers[0].query);
      status.replaceChildren(...summary(answers));
      results.replaceChildren(...(answers.length > 1 ? [compareColumns(answers, columnModes, roundTrip, addresses(state))] : list(answers[0], roundTrip, addresses(state))));
    } catch (error) {
      if (isAbort(error)) return;
      // What is not a problem of the server's is a fault of this page, and belongs into the console too.
      if (!(error instanceof Problem)) console.error(error);
      status.textContent = "";
      results.replaceChildren(notice(error, "search-problem"));
      form.blame(error.field, "search-problem");
    }
    results.removeAttribute("aria-busy");
  };

  return { node, show, focus: () => form.query.focus(), box: form.query };
}

const addresses = (state) => (id) => addressOf({ ...state, document: id });

function ask(state, collection, how) {
  const body = { query: state.query, lang: state.lang, depth: state.depth, explain: true, highlight: true };
  if (state.only.length > 0) body.filter = { lang: state.only };
  if (state.rerank) body.rerank = { stack: state.rerank };
  if (state.mode === "compare") return multiSearch(columnModes.map((mode) => ({ ...body, collection, mode })), how);
  return search(collection, { ...body, mode: state.mode }, how).then((answer) => [answer]);
}

function list(answer, roundTrip, address) {
  const trace = element("aside", { "aria-label": texts.trace }, traceOf(answer, roundTrip, isWide.matches));
  if (answer.hits.length === 0) return [element("p", { class: "nothing" }, texts.foundNothingHint), trace];
  return [element("h2", { class: "hidden" }, texts.hits), element("ol", { class: "hits" }, answer.hits.map((hit) => hitItem(hit, address(hit.id)))), trace];
}

/** What is read out when hits have come: how many, in how many languages, and what the query was taken for. */
function summary(answers) {
  const hits = new Map(answers.flatMap((answer) => answer.hits.map((hit) => [hit.id, hit.lang])));
  const languages = new Set(hits.values());
  const found = hits.size === 0 ? texts.foundNothing : texts.found(hits.size, languages.size);
  const { lang } = answers[0].query;
  const took = duration(Math.max(...answers.map((answer) => answer.took_ms)));
  const details = lang === "und" ? took : `${texts.askedIn(nameOf(lang))} · ${took}`;
  const isPartial = answers.some((answer) => answer.partial);
  return [
    element("strong", {}, found),
    " ",
    element("span", { class: "soft" }, details),
    isPartial ? element("span", { class: "partial" }, " ", texts.partial) : null,
  ].filter(Boolean);
}

function greet(welcome, state, server, collection) {
  const isAsked = state.query !== "";
  const held = server.collections.find(({ name }) => name === collection);
  const isEmpty = held?.documents === 0;
  const fill = isEmpty && held.writable ? [" ", element("a", { href: addressOf({ ...state, view: "collections" }) }, texts.fill)] : [];
  const holdings = held && !isAsked ? element("p", { class: "soft" }, isEmpty ? texts.empty : texts.holdings(held.documents, Object.keys(held.languages).length), fill) : null;
  // Among the hits it is out of the way, and still what the page is headed by.
  welcome.className = isAsked ? "hidden" : "welcome";
  welcome.replaceChildren(element("h1", {}, texts.lede), ...(holdings ? [holdings] : []));
}
