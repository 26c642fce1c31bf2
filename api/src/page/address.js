// What the page shows, as its address says it: addresses can be sent, and the back button works.

/** The state of an address that says nothing. */
export const defaults = {
  view: "search",
  collection: "",
  query: "",
  lang: "auto",
  mode: "hybrid",
  only: [],
  rerank: "",
  depth: 10,
  document: "",
};

// Short, because people see them.
const parameters = { view: "view", collection: "in", query: "q", lang: "lang", mode: "mode", only: "only", rerank: "rerank", depth: "depth", document: "doc" };

const modes = ["hybrid", "lexical", "dense", "compare"];

/** The state that `href` stands for; what it says wrong is as if it were not said. */
export function stateOf(href) {
  const given = new URL(href).searchParams;
  const state = { ...defaults };
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given.get(parameter);
    if (value !== null) state[name] = value;
  }
  state.only = given.get("only")?.split(",").filter(Boolean) ?? [];
  state.depth = Math.min(Math.max(Math.trunc(Number(state.depth)) || defaults.depth, 1), 1000);
  if (!modes.includes(state.mode)) state.mode = defaults.mode;
  if (state.view !== "collections") state.view = defaults.view;
  return state;
}

/** The address of `state`: only what differs from the defaults is in it. */
export function addressOf(state) {
  const query = new URLSearchParams();
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = String(state[name]);
    if (value !== String(defaults[name])) query.set(parameter, value);
  }
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `/?${text}` : "/";
}
