// Headless Chromium, and axe inside it. Both are found, not fetched: `make test-page` installs the packages, nobody a browser.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.PAGE_PACKAGES ? `${process.env.PAGE_PACKAGES}/` : new URL("../../target/bench/page/", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = places.find((place) => place && existsSync(place));

/** A browser, of whatever Chromium is there. */
export const launch = () => chromium.launch({ executablePath, args: ["--no-sandbox"] });

/**
 * Runs `work` on a page of its own at `url`, `options` being those of a browser's context.
 *
 * Whatever the page's policy forbids, throws or logs as an error fails, but for answers that `expected` allows.
 */
export async function onPage(browser, url, options, work, expected = /^$/) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", reducedMotion: "reduce", ...options });
  // By the debugger and before anything else: the page's own policy lets no script of others in.
  await context.addInitScript({ content: axe });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("dialog", (dialog) => faults.push(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => message.type() === "error" && !expected.test(message.text()) && faults.push(message.text()));
  try {
    await page.goto(url);
    await work(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

/** Fails with what axe has against the page as it is. */
export async function assertAccessible(page, what) {
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const said = found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
  assert.deepEqual(said, [], what);
}

/** Fails where something is wider than the window. */
export async function assertFits(page, what) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wider, 0, `${what}: ${wider} px wider than the window`);
}
