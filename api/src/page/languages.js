// What languages are called, and which way they are written.

import { element } from "./dom.js";

// By language where that says it, and by script where a language has several.
const rightToLeft = new Set(["ar", "arc", "ckb", "dv", "fa", "glk", "he", "ks", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"]);
const rightToLeftScripts = /-(Adlm|Arab|Hebr|Nkoo|Rohg|Syrc|Thaa)\b/i;
const aScript = /-[A-Z][a-z]{3}\b/;

// Languages a query may be in beside those of the collection: the ones whose words the program knows most about.
const usual = (
  "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja jv ka kk km kn ko ky " +
  "lo lt lv mk ml mn mr ms my ne nl no or pa pl ps pt ro ru rw sd si sk sl so sq sr sv sw ta te tg th tl tr uk ur uz vi xh yi yo zh zu"
).split(" ");

// The page speaks English; names of languages come in the reader's own.
const names = new Intl.DisplayNames(navigator.languages, { type: "language", fallback: "code" });

/** What the reader calls `code`, or the code itself. */
export function nameOf(code) {
  try {
    return code === "und" || code === "" ? "?" : names.of(code);
  } catch {
    return code;
  }
}

/** Codes of languages a query may be in: those in `present` and the usual ones, by name. */
export function queryLanguages(present) {
  const codes = [...new Set([...present, ...usual])].filter((code) => code !== "und");
  const order = new Intl.Collator(navigator.languages);
  return codes.sort((a, b) => order.compare(nameOf(a), nameOf(b)));
}

/** `lang` and `dir` of a text in `code`; where the language is not known, its first letters decide. */
export function written(code) {
  if (!code || code === "und") return { dir: "auto" };
  const primary = code.split("-")[0];
  const isRight = rightToLeftScripts.test(code) || (rightToLeft.has(primary) && !aScript.test(code));
  return { lang: code, dir: isRight ? "rtl" : "ltr" };
}

/** A language's name with its code beside it. */
export function badge(code) {
  const speaks = names.resolvedOptions().locale;
  return element("span", { class: "badge" }, element("bdi", { lang: speaks }, nameOf(code)), " ", element("code", {}, code));
}
