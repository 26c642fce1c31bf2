// The page in headless Chromium, against the real binary: node tests/page/page.test.mjs BINARY

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { assertAccessible, assertFits, launch, onPage } from "./browser.mjs";
import { serve } from "./server.mjs";

const binary = process.argv[2];
const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const tides = "why does the sea rise and fall twice a day";

let server;
let browser;
before(async () => {
  server = await serve(binary, { default: fileOf("corpus.jsonl"), hostile: fileOf("hostile.jsonl") });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A test on a page at `path`; `expected` allows what the browser says of answers that are meant to fail. */
const onPageTest = (name, path, work, { expected, ...options } = {}) =>
  test(name, () => onPage(browser, `${server.url}${path}`, options, work, expected));

const at = (state) => `/?${new URLSearchParams(state)}`;
const answered = (page) => page.locator(".hit, .notice, .nothing").first().waitFor();
const ask = async (page, query) => {
  await page.getByRole("searchbox").fill(query);
  await page.keyboard.press("Enter");
  await answered(page);
};
const unfold = (page) => page.locator("main details").evaluateAll((all) => all.forEach((details) => (details.open = true)));
const statusOf = (page) => page.locator(".status").textContent();

onPageTest("a question in English finds documents in languages that the reader did not ask in", "/", async (page) => {
  await ask(page, tides);
  const first = page.locator(".hit").first();
  assert.match(await first.locator("h3").textContent(), /Ebbe und Flut|المد والجزر|גאות ושפל|潮の満ち引き/);
  assert.match(await statusOf(page), /\d+ hits in \d languages asked in English/);
  assert.match(await page.getByLabel("Asked in").locator("option").first().textContent(), /English, detected/);
  assert.equal(new URL(page.url()).searchParams.get("q"), tides);
  assert.ok((await page.locator("mark").count()) > 0, "words are marked");
});

onPageTest("a language is called what its reader calls it, its code beside it", at({ q: "Brot", only: "de" }), async (page) => {
  await answered(page);
  assert.equal(await page.locator(".hit .badge").first().textContent(), "allemand de");
}, { locale: "fr-FR" });

onPageTest("Arabic and Hebrew run from the right, their hits' ranks stay on the left", at({ q: tides, only: "ar,he" }), async (page) => {
  await answered(page);
  const said = page.locator(".hit .said");
  for (const text of await said.all()) {
    assert.equal(await text.getAttribute("dir"), "rtl");
    assert.match(await text.getAttribute("lang"), /^(ar|he)$/);
    const [words, box, rank] = await text.evaluate((node) => {
      const range = document.createRange();
      range.selectNodeContents(node.querySelector("a"));
      return [range.getBoundingClientRect(), node.getBoundingClientRect(), node.closest(".hit").querySelector(".rank").getBoundingClientRect()];
    });
    assert.ok(Math.abs(words.right - box.right) < 2, "titles begin at the right edge");
    assert.ok(words.left > box.left + 100 && rank.right <= box.left, "and leave room on the left");
  }
  const asked = page.getByLabel("Asked in").locator("option").first();
  const detected = await asked.textContent();
  await said.first().locator("a").click();
  assert.equal(await asked.textContent(), detected, "a document leaves the search as it is");
  assert.equal(await page.locator("dialog [dir=rtl] .text").evaluate((node) => getComputedStyle(node).direction), "rtl");
});

onPageTest("Chinese and Japanese are marked as what they are, so that each gets its own letters", at({ q: "high-speed train", only: "ja,zh" }), async (page) => {
  await answered(page);
  const langs = await page.locator(".hit .said").evaluateAll((nodes) => nodes.map((node) => node.lang));
  assert.deepEqual([...new Set(langs)].sort(), ["ja", "zh"]);
  const fonts = await page.locator(".hit .said").evaluateAll((nodes) => Object.fromEntries(nodes.map((node) => [node.lang, getComputedStyle(node).fontFamily])));
  assert.match(fonts.ja, /JP/);
  assert.match(fonts.zh, /SC/);
});

onPageTest("characters beyond the first plane do not move the marks", at({ in: "hostile", q: "harbour boats" }), async (page) => {
  await answered(page);
  const marks = await page.locator(".hit").filter({ hasText: "nusual" }).locator("mark").allTextContents();
  assert.ok(marks.length > 0 && marks.every((mark) => ["harbour", "boats"].includes(mark)), `${marks}`);
});

onPageTest("who is on a word sees where it was found, and the reverse", at({ q: "Brot", mode: "lexical" }), async (page) => {
  await answered(page);
  const hit = page.locator(".hit").filter({ has: page.locator("mark") }).first();
  await hit.locator(".match").first().focus();
  assert.ok((await hit.locator("mark.lit").count()) > 0);
  await page.getByRole("searchbox").focus();
  assert.equal(await hit.locator("mark.lit").count(), 0);
  await hit.locator("mark").first().hover();
  assert.ok((await hit.locator(".match.lit").count()) > 0);
});

for (const width of [320, 360]) {
  onPageTest(`nothing is wider than a window of ${width} pixels`, "/", async (page) => {
    await assertFits(page, "the beginning");
    for (const [what, state] of [
      ["hits", { q: tides }],
      ["hits without places to break", { in: "hostile", q: "windmill lighthouse" }],
      ["columns", { q: tides, mode: "compare" }],
      ["a document", { in: "hostile", q: "windmill", doc: "long" }],
      ["collections", { view: "collections" }],
    ]) {
      await page.goto(`${server.url}${at(state)}`);
      await page.locator(state.view ? ".card" : state.doc ? "dialog h2" : ".hit").first().waitFor();
      await unfold(page);
      await assertFits(page, what);
    }
  }, { viewport: { width, height: 740 } });
}

onPageTest("keys alone lead from the address to an opened document and back", at({ view: "collections" }), async (page) => {
  const { keyboard } = page;
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.locator(".card").first().waitFor();
  await keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the search");
  await keyboard.press("/");
  await keyboard.type("Wie entsteht Ebbe und Flut?");
  await keyboard.press("Enter");
  await answered(page);
  const titles = await page.locator(".hit h3").allTextContents();
  await keyboard.press("ArrowDown");
  assert.equal(await focused(), titles[0]);
  await keyboard.press("j");
  assert.equal(await focused(), titles[1]);
  await keyboard.press("k");
  assert.equal(await focused(), titles[0]);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", "whoever is somewhere sees where");
  await keyboard.press("Enter");
  await page.locator("dialog h2").waitFor();
  assert.equal(await page.locator("dialog h2").textContent(), titles[0]);
  await keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "hidden" });
  assert.equal(await focused(), titles[0]);
  await keyboard.press("k");
  assert.equal(await page.evaluate(() => document.activeElement.id), "query");
});

onPageTest("three ways to find stand side by side, and say where the others have a hit", "/", async (page) => {
  await page.getByRole("radio", { name: "Side by side" }).check();
  await ask(page, tides);
  const columns = page.locator(".column");
  assert.deepEqual(await columns.locator("h2").allTextContents(), ["Words", "Words and meaning", "Meaning"]);
  const first = columns.nth(1).locator(".hit").first();
  assert.match(await first.locator(".stages").textContent(), /(Words|Meaning) \d+/);
  await first.hover();
  assert.ok((await page.locator(".hit.same").count()) > 1, "the same document is seen in the other columns");
});

onPageTest("languages are chosen among those that are there, and the back button takes the choice back", at({ q: "bread" }), async (page) => {
  await answered(page);
  const chip = page.getByRole("button", { name: /^Russian 2$/ });
  await chip.click();
  await page.locator(".hit .badge").filter({ hasText: "German" }).waitFor({ state: "detached" });
  assert.deepEqual(new Set(await page.locator(".hit .badge").allTextContents()), new Set(["Russian ru"]));
  assert.equal(await chip.getAttribute("aria-pressed"), "true");
  assert.equal(new URL(page.url()).searchParams.get("only"), "ru");
  await page.goBack();
  await page.locator(".hit .badge").filter({ hasText: "German" }).first().waitFor();
  assert.equal(await chip.getAttribute("aria-pressed"), "false");
});

onPageTest("an address holds all that was chosen", at({ q: "Brot", lang: "de", mode: "lexical", only: "en,ru", rerank: "passages", depth: "20" }), async (page) => {
  await answered(page);
  assert.equal(await page.getByRole("searchbox").inputValue(), "Brot");
  assert.equal(await page.getByLabel("Asked in").inputValue(), "de");
  assert.equal(await page.getByLabel("Rerank").inputValue(), "passages");
  assert.equal(await page.getByRole("combobox", { name: "Hits" }).inputValue(), "20");
  assert.ok(await page.getByRole("radio", { name: "Words" }).isChecked());
  assert.match(await page.locator(".stages").first().textContent(), /Reranked/);
});

onPageTest("the trace tells stages, times and candidates", at({ q: tides, rerank: "passages" }), async (page) => {
  await answered(page);
  const rows = await page.locator(".trace tbody th, .trace tfoot th").allTextContents();
  for (const stage of ["Words", "Meaning", "Fused", "Reranked", "Whole answer"]) assert.ok(rows.includes(stage), `${rows}`);
  for (const time of await page.locator(".trace tbody td:nth-child(2)").allTextContents()) assert.match(time, /^\d+(\.\d+)?\sm?s$/);
  const share = await page.locator(".trace tfoot .bar").evaluate((bar) => bar.style.getPropertyValue("--share"));
  assert.ok(Number(share) > 0 && Number(share) <= 1, share);
});

onPageTest("an answer that time cut short says so", at({ q: "bread" }), async (page) => {
  await page.route("**/search", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), partial: true } });
  });
  await page.reload();
  await answered(page);
  assert.match(await statusOf(page), /The time ran out/);
});

onPageTest("modules that scored a hit are named, and which language stood in for another", at({ q: "bread" }), async (page) => {
  await page.route("**/search", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.hits[0].explain.push({ stage: "rerank", rank: 1, score: 0.5, modules: ["mbert", "sw"], fallbacks: [{ wanted: "de", used: "nl" }, { wanted: "ha", used: null }] });
    await route.fulfill({ response, json: answer });
  });
  await page.reload();
  await answered(page);
  await page.locator(".why summary").first().click();
  assert.match(await page.locator(".why").first().textContent(), /Scored by mbert \+ sw; Dutch stood in for German; no module for Hausa/);
});

onPageTest("documents are taken from files, and lines that are none are listed", at({ view: "collections", in: "default" }), async (page) => {
  const card = page.locator(".card").filter({ has: page.getByRole("heading", { name: "default" }) });
  const lines = [{ id: "aurora-fi", text: "Revontulet loistavat pohjoisen taivaalla.", lang: "fi" }, { id: "no-text" }, { id: "aurora-en", text: "The northern lights shine over the snow." }];
  const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
  const [first, bad, last] = lines.map((line) => JSON.stringify(line));
  await card.locator("input[type=file]").setInputFiles([
    file("aurora.jsonl", `${first}\n\n${bad}\nnot json\n${last}\n`),
    file("volcano.txt", "A quiet volcano\n\nIt sleeps under the ice of a glacier.\n"),
    file("picture.png", "no text"),
  ]);
  await card.getByText("volcano.txt: 1 added, 0 replaced").waitFor();
  await card.getByText("aurora.jsonl: 2 added, 0 replaced").waitFor();
  await card.getByText("Expected .jsonl").waitFor();
  const faults = await card.locator(".outcome tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
  assert.deepEqual(faults.map(([line]) => line), ["3", "4"], "lines are counted as an editor counts them");
  assert.equal(faults[0][1], "text");
  await card.locator(".figures").getByText("21", { exact: true }).waitFor();
  assert.match(await card.locator(".languages").textContent(), /Finnish fi1/);
  await assertAccessible(page, "after an upload");
  await page.getByRole("link", { name: "Search", exact: true }).click();
  await ask(page, "volcano beneath a glacier");
  assert.equal(await page.locator(".hit h3").first().textContent(), "A quiet volcano");
});

test("a server that asks for a key is given one, which is forgotten with the tab", async () => {
  const key = "right-and-long-enough-to-be-no-guess";
  const keyed = await serve(binary, { default: fileOf("corpus.jsonl") }, { key });
  const work = async (page) => {
    const shown = [];
    page.on("request", (request) => request.url().includes("/v1/") && shown.push(request.headers().authorization));
    const dialog = page.getByRole("dialog");
    await dialog.getByText("This server asks for an API key.").waitFor();
    assert.equal(await dialog.count(), 1, "requests that ask at once share one question");
    await assertAccessible(page, "the question for a key");
    await dialog.getByLabel("API key").fill("wrong");
    await page.keyboard.press("Enter");
    await dialog.getByText("The server does not know this key.").waitFor();
    await dialog.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await ask(page, tides);
    assert.ok((await page.locator(".hit").count()) > 0);
    assert.deepEqual([...new Set(shown)], ["Bearer wrong", `Bearer ${key}`]);
    const elsewhere = await page.evaluate(() => [JSON.stringify(localStorage), document.cookie, location.href]);
    assert.ok(!elsewhere.join().includes(key), "the key is in no other place");
    await page.getByRole("button", { name: "Forget the key" }).click();
    await dialog.getByText("This server asks for an API key.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("alert").waitFor();
  };
  try {
    await onPage(browser, keyed.url, {}, work, /401/);
  } finally {
    await keyed.stop();
  }
});

onPageTest("a busy server is waited for, and said to be busy", "/", async (page) => {
  let left = 1;
  await page.route("**/search", (route) =>
    left-- > 0
      ? route.fulfill({ status: 429, headers: { "retry-after": "1" }, contentType: "application/problem+json", body: JSON.stringify({ title: "Too Many Requests", status: 429 }) })
      : route.continue(),
  );
  await page.getByRole("searchbox").fill(tides);
  await page.keyboard.press("Enter");
  await page.getByText("trying again in 1 second").waitFor();
  await answered(page);
  assert.match(await statusOf(page), /hits in/);
}, { expected: /429/ });

onPageTest("whoever types on takes back what was asked", "/", async (page) => {
  const failed = [];
  page.on("requestfailed", (request) => failed.push(request.postDataJSON().query));
  await page.route("**/search", async (route) => {
    if (route.request().postDataJSON().query === "bread") await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue().catch(() => {});
  });
  const asked = page.waitForRequest("**/search");
  await page.getByRole("searchbox").fill("bread");
  await asked;
  await ask(page, "coffee");
  assert.deepEqual(failed, ["bread"]);
  assert.equal(new URL(page.url()).searchParams.get("q"), "coffee");
});

onPageTest("a problem is told where it is, with its field", at({ q: "bread", lang: "klingon" }), async (page) => {
  const notice = page.getByRole("alert");
  await notice.waitFor();
  assert.match(await notice.textContent(), /klingon[^]*Field: lang/);
  const asked = page.getByLabel("Asked in");
  assert.equal(await asked.getAttribute("aria-invalid"), "true");
  await assertAccessible(page, "a problem");
  await asked.selectOption("auto");
  await page.locator(".hit").first().waitFor();
  assert.equal(await asked.getAttribute("aria-invalid"), null);
}, { expected: /422/ });

onPageTest("a server that is gone is said to be gone", "/", async (page) => {
  await page.route("**/search", (route) => route.abort());
  await ask(page, tides);
  assert.match(await page.getByRole("alert").textContent(), /cannot be reached/);
}, { expected: /ERR_FAILED/ });

onPageTest("markup in titles, texts, ids, fields and queries is shown and not run", at({ in: "hostile", q: "<img src=x onerror=\"ran('query')\"> lighthouse", only: "en,<b>" }), async (page) => {
  await page.evaluate(() => (window.ran = (what) => alert(what)));
  await page.locator(".hit, .notice").first().waitFor();
  await page.goto(`${server.url}${at({ in: "hostile", q: "<img src=x onerror=\"ran('query')\"> lighthouse" })}`);
  await page.evaluate(() => (window.ran = (what) => alert(what)));
  await answered(page);
  const hit = page.locator(".hit").filter({ hasText: "a lighthouse" });
  assert.equal(await hit.locator("h3").textContent(), "<img src=x onerror=\"ran('title')\"> a lighthouse");
  await hit.locator("h3 a").click();
  await page.locator("dialog h2").waitFor();
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.textContent(), /<script>ran\('id'\)<\/script>\/\.\.\/"\?#&%2F[^]*<script>ran\('script'\)<\/script> all night\.[^]*<i>keeper<\/i><svg onload/);
  assert.equal(await page.locator("img, main script, dialog script, dialog i, dialog svg").count(), 0);
  assert.match(await page.title(), /^<img/);
}, { expected: /422/ });

onPageTest("a document has an address, and whoever closes it is among the hits", at({ q: "bread", doc: "bread-ru" }), async (page) => {
  await page.getByRole("dialog").getByText("Ржаной хлеб на закваске").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator(".hit").first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get("doc"), null);
  await page.locator(".hit h3 a").first().click();
  await page.getByRole("dialog").waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
});

onPageTest("a document that is not there is told of in the dialog", at({ q: "bread", doc: "nothing" }), async (page) => {
  assert.match(await page.locator("dialog .notice").textContent(), /nothing/);
}, { expected: /404/ });

onPageTest("colours are the system's until somebody chooses, and stay chosen", "/", async (page) => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "dark");
  await page.getByRole("button", { name: "Light colours" }).click();
  assert.equal(await theme(), "light");
  await page.reload();
  assert.equal(await theme(), "light");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(253, 253, 251)");
}, { colorScheme: "dark" });

for (const colorScheme of ["light", "dark"]) {
  for (const [view, state, ready] of [
    ["the beginning", {}, ".chip"],
    ["hits", { q: tides, rerank: "passages" }, ".hit"],
    ["nothing found", { q: "xyzzy", mode: "lexical", lang: "en" }, ".nothing"],
    ["columns", { q: tides, mode: "compare" }, ".column"],
    ["a document", { q: tides, doc: "tides-ar" }, "dialog h2"],
    ["collections", { view: "collections" }, ".card"],
  ]) {
    onPageTest(`axe finds nothing against ${view}, ${colorScheme}`, at(state), async (page) => {
      await page.locator(ready).first().waitFor();
      await unfold(page);
      await assertAccessible(page, view);
    }, { colorScheme });
  }
}
