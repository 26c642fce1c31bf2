// The box that documents are dropped into.

import { write } from "./api.js";
import { element, table } from "./dom.js";
import { requestsOf } from "./files.js";
import { notice } from "./notice.js";
import { percent, texts } from "./texts.js";

/** Faults of one file that are listed. */
const MAX_FAULTS = 100;

/** A box for documents of `collection`; `changed` hears when some were written. */
export function uploadBox(collection, changed) {
  const input = element("input", { type: "file", multiple: true, accept: ".jsonl,.ndjson,.json,.txt", class: "hidden" });
  const outcomes = element("div", { class: "outcomes", role: "status" });
  const zone = element(
    "label",
    { class: "drop" },
    element("span", {}, texts.uploadHint),
    input,
    element("span", { class: "button", "aria-hidden": "true" }, texts.chooseFiles),
  );
  input.setAttribute("aria-label", texts.chooseFiles);

  const take = async (files) => {
    outcomes.replaceChildren();
    for (const file of files) await sendFile(file, collection, outcomes, changed);
  };
  input.addEventListener("change", async () => {
    await take([...input.files]);
    // So that the same file, mended, can be chosen again.
    input.value = "";
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
  return element("div", { class: "upload" }, element("h3", {}, texts.upload), zone, outcomes);
}

async function sendFile(file, collection, outcomes, changed) {
  const bar = element("progress", { max: "1", value: "0", "aria-label": file.name });
  const line = element("p", {}, texts.uploading(file.name, percent(0)));
  const outcome = element("div", { class: "outcome" }, line, bar);
  outcomes.append(outcome);
  const sent = { created: 0, updated: 0, failed: 0, faults: [] };
  try {
    const requests = await requestsOf(file);
    if (requests === null) throw new Error(texts.wrongFile);
    for (const [nth, request] of requests.entries()) {
      const isLast = nth === requests.length - 1;
      const onWait = (seconds) => (line.textContent = texts.waiting(seconds));
      add(sent, await write(collection, request.body, request.type, isLast, { onWait }), request.lines);
      const share = (nth + 1) / requests.length;
      bar.value = share;
      line.textContent = texts.uploading(file.name, percent(share));
    }
    line.textContent = texts.uploaded(file.name, sent.created, sent.updated);
  } catch (problem) {
    // What was written before the problem stays written.
    line.textContent = sent.created + sent.updated > 0 ? texts.uploaded(file.name, sent.created, sent.updated) : file.name;
    outcome.append(notice(problem));
  }
  bar.remove();
  if (sent.failed > 0) outcome.append(...faultList(sent));
  if (sent.created + sent.updated > 0) changed();
}

function add(sent, answer, lines) {
  sent.created += answer.created;
  sent.updated += answer.updated;
  sent.failed += answer.failed;
  const failed = answer.results.filter((result) => result.status === "failed");
  sent.faults.push(...failed.map(({ line, field, error }) => [String(lines ? lines[line - 1] : line), element("code", {}, field), error]));
}

function faultList({ failed, faults }) {
  const listed = table(texts.notTaken(failed), [texts.line, texts.field, texts.fault], faults.slice(0, MAX_FAULTS));
  const more = failed - Math.min(faults.length, MAX_FAULTS);
  return more > 0 ? [listed, element("p", { class: "soft" }, texts.moreFaults(more))] : [listed];
}
