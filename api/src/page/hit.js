// One hit: where it stands, its language, its words, and why it was found.

import { element, table } from "./dom.js";
import { marked, tie } from "./highlight.js";
import { badge, nameOf, written } from "./languages.js";
import { percent, score, texts } from "./texts.js";

/** Terms of a word that are shown at once; the table has all of them. */
const MAX_TERMS = 3;

const stageName = (stage) => texts.stages[stage] ?? stage;

/** An item of the list of hits. `address` is where its document is shown, `also` what stands in place of its stages, if anything. */
export function hitItem(hit, address, also = null) {
  const stages = hit.explain ?? [];
  const matches = stages.flatMap((stage) => stage.matches ?? []).sort((a, b) => b.score - a.score);
  const snippet = element("p", { class: "snippet" }, hit.snippet ? marked(hit.snippet, hit.highlights) : texts.noSnippet);
  const buttons = [...Map.groupBy(matches, (match) => match.word)].map(([word, found]) => matchButton(word, found.flatMap((match) => match.terms), hit.lang));
  tie(snippet, buttons);
  const item = element(
    "li",
    { class: "hit" },
    element("span", { class: "rank" }, element("span", { class: "hidden" }, texts.rank), String(hit.rank)),
    badge(hit.lang),
    element(
      "div",
      { class: "said", ...written(hit.lang) },
      element("h3", {}, element("a", { href: address }, hit.title || texts.noTitle)),
      snippet,
    ),
    element(
      "div",
      { class: "evidence" },
      buttons.length > 0 ? element("ul", { class: "matches", "aria-label": texts.matches }, buttons.map(({ button }) => element("li", {}, button))) : null,
      also ?? stageList(stages),
      stages.length > 0 ? why(stages, matches, hit) : null,
    ),
  );
  item.dataset.id = hit.id;
  return item;
}

/** Where a hit stands in each of `places`: pairs of a stage and a rank. */
export function placeList(places, label = null) {
  const items = places.map(([stage, name, rank, scored = null]) => {
    const item = element("li", {}, name, " ", element("b", {}, String(rank)), scored);
    item.dataset.stage = stage;
    return item;
  });
  return element("ul", { class: "stages", "aria-label": label }, items);
}

const stageList = (stages) =>
  placeList(stages.map((at) => [at.stage, stageName(at.stage), at.rank, element("span", { class: "score" }, score(at.score))]));

function matchButton(word, terms, lang) {
  const isItself = terms.length === 1 && terms[0] === word;
  const shown = terms.slice(0, MAX_TERMS).join(", ") + (terms.length > MAX_TERMS ? " …" : "");
  const found = isItself ? [] : [element("span", { class: "arrow" }, " → "), element("bdi", written(lang), shown)];
  const button = element(
    "button",
    { type: "button", class: "match", "aria-pressed": "false", title: texts.matchOf(word, terms.join(", ")) },
    element("bdi", {}, word),
    found,
  );
  return { button, forms: terms };
}

function why(stages, matches, hit) {
  const rows = stages.map((at) => [stageName(at.stage), String(at.rank), score(at.score)]);
  const matched = matches.map((match) => [
    element("bdi", {}, match.word),
    element("bdi", written(hit.lang), match.terms.join(", ")),
    percent(match.probability),
    score(match.frequency),
    score(match.score),
  ]);
  const modules = stages.flatMap((at) => at.modules ?? []);
  const standIns = stages.flatMap((at) => at.fallbacks ?? []).map((fallback) => texts.standIn(nameOf(fallback.wanted), fallback.used && nameOf(fallback.used)));
  return element(
    "details",
    { class: "why" },
    element("summary", {}, texts.why),
    table(texts.stagesOf, [texts.stage, texts.atRank, texts.score], rows),
    matched.length > 0 ? table(texts.matches, [texts.word, texts.terms, texts.probability, texts.frequency, texts.score], matched) : null,
    modules.length > 0
      ? element("p", {}, `${texts.modules} `, modules.map((module, nth) => [nth ? " + " : "", element("code", {}, module)]).flat(), standIns.map((text) => `; ${text}`))
      : null,
    element("p", { class: "soft" }, `${texts.id} `, element("code", {}, hit.id)),
  );
}
