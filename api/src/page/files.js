// Files of documents become requests.

/** Small enough that progress is seen and a server's limit is far, large enough that requests are few. */
const REQUEST_CHARACTERS = 500_000;

/**
 * The requests that send `file`: `{ body, type, lines }`, where `lines[n]` is the line of the file that the server's line n + 1
 * is. Null when its name says that it holds no documents.
 */
export async function requestsOf(file) {
  const [, name, ending] = /^(.*)\.([^.]*)$/.exec(file.name) ?? [null, file.name, ""];
  switch (ending.toLowerCase()) {
    case "jsonl":
    case "ndjson":
      return lineRequests(await file.text());
    case "json":
      return [{ body: await file.text(), type: "application/json", lines: null }];
    case "txt":
      return [{ body: JSON.stringify(plainDocument(name, await file.text())), type: "application/json", lines: null }];
    default:
      return null;
  }
}

function lineRequests(text) {
  const requests = [];
  let lines = [];
  let parts = [];
  let length = 0;
  const send = () => {
    if (parts.length > 0) requests.push({ body: parts.join("\n"), type: "application/x-ndjson", lines });
    [lines, parts, length] = [[], [], 0];
  };
  text.split(/\r?\n/).forEach((part, nth) => {
    // Servers count the lines that say something; people count all of them.
    if (part.trim() === "") return;
    lines.push(nth + 1);
    parts.push(part);
    length += part.length;
    if (length >= REQUEST_CHARACTERS) send();
  });
  send();
  return requests;
}

// A first line that stands alone is a title.
function plainDocument(id, text) {
  const [, title, rest] = /^\s*([^\n]{1,120})\n\s*\n([^]*\S[^]*)$/.exec(text.replaceAll("\r\n", "\n")) ?? [null, id, text];
  return { id, title, text: rest };
}
