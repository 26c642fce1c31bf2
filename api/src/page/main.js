// The page: what the server has, what the address says, and the view that shows it.

import { addressOf, stateOf } from "./address.js";
import { collections, stacks } from "./api.js";
import { collectionsView } from "./collections.js";
import { documentDialog } from "./document.js";
import { element } from "./dom.js";
import { wireKeyButton } from "./key.js";
import { listenToKeys } from "./keyboard.js";
import { notice } from "./notice.js";
import { searchView } from "./search.js";
import { texts } from "./texts.js";

const main = document.getElementById("main");
let state = stateOf(location.href);
// `round` counts how often documents changed: hits from before are asked for again.
const server = { collections: [], stacks: [], round: 0 };
// While somebody types, the history keeps one entry, not one for each pause.
let wasTyping = false;

const views = { search: searchView(go), collections: collectionsView(changed) };
const reader = documentDialog(closeDocument);

/** Changes the state, the address with it, and shows it. */
function go(changes, { isTyping = false, isAgain = false } = {}) {
  state = { ...state, ...changes };
  const address = addressOf(state);
  const isNew = address !== addressOf(stateOf(location.href));
  if (isNew && isTyping && wasTyping) history.replaceState(null, "", address);
  else if (isNew) history.pushState({ isFromHere: true }, "", address);
  wasTyping = isTyping;
  show(isAgain);
}

function show(isAgain = false) {
  const collection = state.collection || chosen();
  for (const [name, view] of Object.entries(views)) view.node.hidden = name !== state.view;
  if (state.view === "search") views.search.show(state, server, collection, isAgain);
  else views.collections.show(state, server);
  reader.show(state.document, collection);
  showNavigation();
  const of = state.view === "search" ? state.query : texts.views[state.view];
  document.title = of ? `${of} – Xenoglot` : "Xenoglot";
}

// Where nobody says which collection, it is the one that requests without a name mean.
function chosen() {
  const names = server.collections.map(({ name }) => name);
  return names.includes("default") || names.length === 0 ? "default" : names[0];
}

function showNavigation() {
  const links = Object.entries(texts.views).map(([view, name]) =>
    element("a", { href: addressOf({ ...state, view, document: "" }), "aria-current": view === state.view ? "page" : null }, name),
  );
  const nav = document.getElementById("views");
  const focused = [...nav.children].indexOf(document.activeElement);
  nav.replaceChildren(...links);
  links[focused]?.focus();
}

// Back, where the reader came from here; whoever came by a link of somebody else's has nothing behind them.
function closeDocument() {
  if (history.state?.isFromHere) history.back();
  else {
    state = { ...state, document: "" };
    history.replaceState(null, "", addressOf(state));
  }
}

async function load() {
  const [held, reranking] = await Promise.all([collections(), stacks()]);
  server.collections = held;
  server.stacks = reranking.stacks;
}

async function changed() {
  await load();
  server.round += 1;
  show();
}

function frame() {
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = texts[part.dataset.text];
  document.getElementById("views").setAttribute("aria-label", texts.pages);
  showNavigation();
  wireKeyButton(document.getElementById("key"));
  const theme = document.getElementById("theme");
  const name = () => theme.setAttribute("aria-label", document.documentElement.dataset.theme === "dark" ? texts.toLight : texts.toDark);
  theme.addEventListener("click", () => {
    dispatchEvent(new Event("xenoglot:theme"));
    name();
  });
  name();
  const keys = texts.foot.shortcuts.map((shortcut) => element("span", {}, shortcut.slice(0, -1).map((key) => element("kbd", {}, key)), " ", shortcut.at(-1)));
  document.getElementById("foot").append(
    element("p", { class: "keys" }, keys),
    element("p", {}, element("a", { href: "/docs" }, texts.foot.docs), " ", element("a", { href: "/openapi.json" }, texts.foot.description)),
  );
}

function listen() {
  addEventListener("popstate", () => {
    state = stateOf(location.href);
    wasTyping = false;
    show();
  });
  // Links within the page change its state; new tabs and windows are the browser's.
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const path = link?.getAttribute("href");
    if (!isPlain || !(path === "/" || path?.startsWith("/?"))) return;
    event.preventDefault();
    go(stateOf(link.href));
    if (path === "/") views.search.focus();
  });
  listenToKeys(views.search.box, () => {
    if (state.view !== "search") go({ view: "search" });
    views.search.focus();
    views.search.box.select();
  });
}

frame();
listen();
try {
  await load();
  main.replaceChildren(views.search.node, views.collections.node);
  document.body.append(reader.node);
  show();
  if (state.view === "search" && state.query === "") views.search.focus();
} catch (problem) {
  main.replaceChildren(element("h1", { class: "hidden" }, document.title), notice(problem));
}
