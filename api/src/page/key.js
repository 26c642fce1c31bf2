// The API key: asked for when the server wants one, and kept as long as the tab.

import { element, field } from "./dom.js";
import { texts } from "./texts.js";

const name = "xenoglot.key";
let kept = storage((tab) => tab.getItem(name));
let asking = null;

export const key = () => kept;

/** Resolves to a key, or to null when nobody gives one. Requests that ask at once share one question. */
export function askForKey() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

/** The button in the header that forgets the key; it is there when there is one to forget. */
export function wireKeyButton(button) {
  const show = () => (button.hidden = key() === null);
  button.textContent = texts.forgetKey;
  button.addEventListener("click", () => {
    storage((tab) => tab.removeItem(name));
    location.reload();
  });
  addEventListener("xenoglot:key", show);
  show();
}

function ask() {
  const input = element("input", { type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false" });
  const dialog = element(
    "dialog",
    { class: "ask", "aria-labelledby": "ask-title" },
    element(
      "form",
      { method: "dialog" },
      // The first heading there is: before the key, the page behind has nothing to show.
      element("h1", { id: "ask-title" }, key() === null ? texts.keyWanted : texts.keyRefused),
      field(texts.key, input),
      element("p", { class: "soft" }, texts.keyKept),
      element(
        "p",
        { class: "buttons" },
        element("button", { type: "submit", value: "use", class: "strong" }, texts.useKey),
        element("button", { type: "button", on: { click: () => dialog.close() } }, texts.close),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue !== "use") return resolve(null);
      kept = input.value.trim();
      storage((tab) => tab.setItem(name, kept));
      dispatchEvent(new Event("xenoglot:key"));
      resolve(kept);
    });
  });
}

// A browser that was told to keep nothing throws; the key then lasts as long as the page.
function storage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
