// The server's routes, and what may come instead of an answer.

import { askForKey, key } from "./key.js";
import { texts } from "./texts.js";

/** How often a server that says "later" is asked again. */
const MAX_WAITS = 5;
/** Longer than this nobody should wait for a retry they did not ask for. */
const MAX_WAIT_SECONDS = 60;

/** What a server, or the way to it, said instead of an answer (RFC 9457). */
export class Problem extends Error {
  constructor({ title, detail, field, status } = {}) {
    super(detail || title || texts.noAnswer(status));
    this.title = title;
    this.field = field;
    this.status = status;
  }
}

/** Whether `error` only says that somebody asked for something else meanwhile. */
export const isAbort = (error) => error.name === "AbortError";

const json = (body) => ({ method: "POST", type: "application/json", body: JSON.stringify(body) });
const inCollection = (collection, rest) => `/v1/collections/${encodeURIComponent(collection)}/${rest}`;

export const collections = (how) => request("/v1/collections", how).then((answer) => answer.collections);
export const stacks = (how) => request("/v1/stacks", how);
export const search = (collection, body, how) => request(inCollection(collection, "search"), { ...json(body), ...how });
/** One answer, or problem, for each of `searches`. */
export const multiSearch = (searches, how) =>
  request("/v1/multi-search", { ...json({ searches }), ...how }).then(({ results }) =>
    results.map((result) => (result.hits ? result : new Problem(result))),
  );
export const documentOf = (collection, id, how) => request(inCollection(collection, `documents/${encodeURIComponent(id)}`), how);
/** Writes documents; an answer means that they are on disk, and with `refresh` that searches find them. */
export const write = (collection, body, type, refresh, how) =>
  request(inCollection(collection, `documents${refresh ? "?refresh=true" : ""}`), { method: "POST", type, body, ...how });

/**
 * The JSON that a route answers with.
 *
 * A 401 asks for a key, and the request is made again with it. A 429 or 503 with Retry-After waits; `onWait` hears for how many
 * seconds.
 *
 * @throws {Problem} for any other answer, or none; the signal's AbortError when it is aborted.
 */
async function request(path, { method = "GET", type, body, signal, onWait = () => {} } = {}) {
  for (let waits = 0; ; ) {
    const used = key();
    const response = await send(path, { method, type, body, signal, used });
    if (response.ok) return response.status === 204 ? null : await response.json();
    const problem = await problemOf(response);
    if (response.status === 401) {
      // Another request may have been given a key while this one was on its way.
      if (key() !== used || (await askForKey()) !== null) continue;
      throw problem;
    }
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    const isLater = [429, 503].includes(response.status) && seconds <= MAX_WAIT_SECONDS;
    if (!isLater || waits === MAX_WAITS) throw problem;
    waits += 1;
    onWait(Math.max(1, Math.ceil(seconds)));
    await pause(Math.max(1, seconds) * 1000, signal);
  }
}

async function send(path, { method, type, body, signal, used }) {
  const headers = { accept: "application/json" };
  if (type) headers["content-type"] = type;
  if (used) headers.authorization = `Bearer ${used}`;
  try {
    return await fetch(path, { method, headers, body, signal });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem({ title: texts.unreachable, detail: texts.unreachableHint });
  }
}

async function problemOf(response) {
  const said = await response.json().catch(() => ({}));
  return new Problem({ ...said, status: response.status });
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
