// Pictures of the page over the documents of `xenoglot demo`: node tests/page/pictures.mjs BINARY

import { fileURLToPath } from "node:url";

import { launch, onPage } from "./browser.mjs";
import { serve } from "./server.mjs";

const folder = new URL("../../docs/img/", import.meta.url);
const birds = { q: "how do migrating birds find their way" };

const pictures = [
  ["page-light", birds],
  ["page-dark", birds, { colorScheme: "dark" }],
  ["page-mobile", birds, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }],
  ["page-rtl", { q: "water clocks of old engineers", only: "ar,fa" }],
  ["page-side-by-side", { q: "why is the sky full of colours after rain", mode: "compare" }, { viewport: { width: 1280, height: 720 } }],
  ["page-trace", { q: "wie finden Vögel ihren Weg", rerank: "passages" }, { colorScheme: "dark" }],
  ["page-collections", { view: "collections" }],
];

const server = await serve(process.argv[2], { default: fileURLToPath(new URL("../../src/demo/corpus.jsonl", import.meta.url)) });
const browser = await launch();
try {
  for (const [name, state, options] of pictures) {
    const url = `${server.url}/?${new URLSearchParams(state)}`;
    await onPage(browser, url, { viewport: { width: 1280, height: 800 }, ...options }, async (page) => {
      // The first answer of a process pays for what the others share.
      const shown = page.locator(state.view ? ".card" : ".hit").first();
      await shown.waitFor();
      await page.reload();
      await shown.waitFor();
      if (name === "page-trace") await page.locator(".why summary").first().click();
      await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)), caret: "hide" });
    });
  }
} finally {
  await browser.close();
  await server.stop();
}
