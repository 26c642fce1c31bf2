// Every word the page says, so that a translation is a translation of this file.

const number = new Intl.NumberFormat("en");
const plural = new Intl.PluralRules("en");
const of = (n, one, many) => `${number.format(n)} ${plural.select(n) === "one" ? one : many}`;

export const texts = {
  skip: "Skip to the search",
  views: { search: "Search", collections: "Collections" },
  pages: "Pages",
  toDark: "Dark colours",
  toLight: "Light colours",
  foot: {
    keys: "Keys",
    shortcuts: [["/", "search"], ["j", "k", "next and previous hit"], ["Enter", "open"], ["Esc", "close"]],
    docs: "API",
    description: "OpenAPI",
  },

  lede: "Ask in one language, find in every language.",
  holdings: (documents, languages) => `${of(documents, "document", "documents")} in ${of(languages, "language", "languages")}`,
  empty: "There are no documents yet.",
  fill: "Add some",

  query: "What are you looking for?",
  search: "Search",
  collection: "Collection",
  queryLanguage: "Asked in",
  detect: "Detect the language",
  detected: (language, percent) => `${language}, detected (${percent})`,
  mode: "Find by",
  modes: { hybrid: "Both", lexical: "Words", dense: "Meaning", compare: "Side by side" },
  columns: { hybrid: "Words and meaning", lexical: "Words", dense: "Meaning" },
  rerank: "Rerank",
  noRerank: "No",
  depth: "Hits",
  only: "Only in",
  anyLanguage: "Any language",
  moreLanguages: (n) => `${n} more`,
  fewerLanguages: "Fewer",

  searching: "Searching …",
  found: (hits, languages) => `${of(hits, "hit", "hits")} in ${of(languages, "language", "languages")}`,
  foundNothing: "Nothing was found.",
  foundNothingHint: "Try other words, another way to find, or all languages.",
  askedIn: (language) => `asked in ${language}`,
  partial: "The time ran out: this is what there was by then.",
  hits: "Hits",

  rank: "Rank ",
  noTitle: "Untitled",
  noSnippet: "No text.",
  stages: { encode: "Query’s vector", lexical: "Words", dense: "Meaning", fusion: "Fused", rerank: "Reranked", mix: "Mixed" },
  stagesOf: "Where each stage put it",
  matches: "Words that matched",
  matchOf: (word, terms) => `${word} was found as ${terms}`,
  near: "Close to the query in meaning",
  why: "Why",
  stage: "Stage",
  atRank: "Rank",
  score: "Score",
  word: "Word",
  terms: "Found as",
  probability: "Likelihood",
  frequency: "Times",
  modules: "Scored by",
  standIn: (wanted, used) => (used ? `${used} stood in for ${wanted}` : `no module for ${wanted}`),
  alsoAt: "Where the others put it",
  nowhereElse: "in this list alone",

  trace: "Trace",
  traceCaption: "What each stage took, and what it passed on",
  time: "Time",
  candidates: "Candidates",
  total: "Whole answer",
  roundTrip: (time) => `${time} with the way here`,
  reranked: (n) => `${of(n, "candidate was", "candidates were")} reranked`,
  modulesUsed: "Modules",

  document: "Document",
  loading: "Loading …",
  close: "Close",
  id: "Id",
  meta: "About it",

  documents: "Documents",
  size: "On disk",
  segments: "Segments",
  generation: "Generation",
  encoder: "Encoder",
  writable: "Access",
  isWritable: "Read and write",
  isReadOnly: "Read only",
  searchHere: "Search it",
  noCollections: "This server has no collections.",

  upload: "Add documents",
  uploadHint: "Drop files here, or choose them: JSON lines (.jsonl, .ndjson), JSON, or plain text, one document a file.",
  chooseFiles: "Choose files",
  uploading: (file, percent) => `${file}: ${percent}`,
  uploaded: (file, created, updated) => `${file}: ${number.format(created)} added, ${number.format(updated)} replaced`,
  notTaken: (n) => `${of(n, "line was", "lines were")} not understood; everything else was written.`,
  line: "Line",
  field: "Field",
  fault: "What is wrong",
  moreFaults: (n) => `and ${number.format(n)} more`,
  wrongFile: "Expected .jsonl, .ndjson, .json or .txt.",

  key: "API key",
  keyWanted: "This server asks for an API key.",
  keyRefused: "The server does not know this key.",
  keyKept: "It is kept until this tab is closed, and sent to this server alone.",
  useKey: "Use it",
  forgetKey: "Forget the key",

  failed: "That did not work",
  inField: (field) => `Field: ${field}`,
  unreachable: "The server cannot be reached.",
  unreachableHint: "Is it running?",
  noAnswer: (status) => `The server answered with status ${status}.`,
  waiting: (seconds) => `The server is busy; trying again in ${of(seconds, "second", "seconds")} …`,
};

/** `n` as people write it. */
export const count = (n) => number.format(n);

/** A share of 1 in percent. */
export const percent = (share) => `${Math.round(share * 100)}\u00a0%`;

/** A duration with as many digits as mean something. */
export const duration = (ms) =>
  ms >= 1000 ? `${(ms / 1000).toFixed(2)}\u00a0s` : `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)}\u00a0ms`;

/** A size in the largest unit that leaves one digit before the point. */
export const size = (bytes) => {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)}\u00a0${units[power]}`;
};

/** A score with three figures that mean something: stages have scales of their own. */
export const score = (value) => Number(value.toPrecision(3)).toString();
