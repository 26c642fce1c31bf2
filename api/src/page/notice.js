// Problems, shown where they happened.

import { element } from "./dom.js";
import { texts } from "./texts.js";

/** A box that says what went wrong, and in which field. */
export function notice(problem, id = null) {
  return element(
    "div",
    { class: "notice", role: "alert", id },
    element("strong", {}, problem.title || texts.failed),
    element("p", {}, problem.message),
    problem.field ? element("p", { class: "soft" }, element("code", {}, texts.inField(problem.field))) : null,
  );
}
