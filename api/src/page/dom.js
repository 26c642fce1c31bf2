// Elements. What comes from documents, queries and servers becomes text nodes, and is never read as HTML.

/**
 * A new element with `attributes` and `children`.
 *
 * `on` holds listeners, `share` the length of a bar from 0 to 1; attributes that are null or false are left out. Children are
 * nodes, texts, lists of them, or null for none.
 */
export function element(tag, { on = {}, share = null, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  // The page's policy forbids style attributes; a property set from here is none.
  if (share !== null) made.style.setProperty("--share", share);
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

/** A table of `rows`, under `heads`; a cell is text or a node. */
export function table(caption, heads, rows) {
  const cells = (tag, row, scope) => row.map((cell) => element(tag, scope ? { scope } : {}, cell));
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, cells("th", heads, "col"))),
    element("tbody", {}, rows.map(([first, ...rest]) => element("tr", {}, element("th", { scope: "row" }, first), cells("td", rest)))),
  );
}

/** A labelled field of a form. */
export function field(label, control, className = "field") {
  return element("label", { class: className }, element("span", {}, label), control);
}
