// The trace of a search: its stages, how long each took, how many candidates it passed on.

import { element } from "./dom.js";
import { count, duration, texts } from "./texts.js";

/** The trace of `answer`, unfolded or not; `roundTripMs` is what the browser waited for it. */
export function traceOf(answer, roundTripMs, isOpen) {
  const longest = Math.max(answer.took_ms, ...answer.stages.map((stage) => stage.took_ms));
  const row = (name, ms, candidates, stage = "total") => {
    const bar = element("span", { class: "bar", share: ms / longest, "aria-hidden": "true" });
    bar.dataset.stage = stage;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name, bar),
      element("td", {}, duration(ms)),
      element("td", {}, candidates),
    );
  };
  // A query's vector is no list of candidates.
  const passedOn = (stage) => (stage.name === "encode" ? "" : count(stage.candidates));
  const modules = new Set(answer.hits.flatMap((hit) => (hit.explain ?? []).flatMap((at) => at.modules ?? [])));
  return element(
    "details",
    { class: "trace", open: isOpen },
    element("summary", {}, texts.trace, " ", element("span", { class: "soft" }, duration(answer.took_ms))),
    element(
      "table",
      {},
      element("caption", { class: "hidden" }, texts.traceCaption),
      element("thead", {}, element("tr", {}, [texts.stage, texts.time, texts.candidates].map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, answer.stages.map((stage) => row(texts.stages[stage.name] ?? stage.name, stage.took_ms, passedOn(stage), stage.name))),
      element("tfoot", {}, row(texts.total, answer.took_ms, count(answer.hits.length))),
    ),
    element("p", { class: "soft" }, texts.roundTrip(duration(roundTripMs))),
    answer.reranked === undefined ? null : element("p", { class: "soft" }, texts.reranked(answer.reranked)),
    modules.size > 0 ? element("p", { class: "soft" }, `${texts.modulesUsed}: `, [...modules].join(", ")) : null,
    answer.partial ? element("p", { class: "partial" }, texts.partial) : null,
  );
}
