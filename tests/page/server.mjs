// The real binary, over collections of our own.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Indexes each of `corpora` (name → file) with `binary` and serves them all, writable; the answer has `url` and `stop`.
 *
 * With a `key`, whoever asks must show it.
 */
export async function serve(binary, corpora, { key } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "xenoglot-page-"));
  for (const [name, corpus] of Object.entries(corpora)) {
    execFileSync(binary, ["index", corpus, "--index", join(folder, name)], { stdio: "ignore" });
  }
  const server = spawn(binary, ["serve", "--collections", folder, "--writable", "--bind", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
    env: key ? { ...process.env, XENOGLOT_API_KEY: key } : process.env,
  });
  const gone = new Promise((resolve) => server.once("exit", resolve));
  const url = await Promise.race([
    new Promise((resolve) => createInterface(server.stdout).once("line", (line) => resolve(/https?:\/\/[^ ]+/.exec(line)?.[0]))),
    gone.then((status) => Promise.reject(new Error(`the server ended with status ${status} before it listened`))),
  ]);
  const stop = async () => {
    server.kill();
    await gone;
    rmSync(folder, { recursive: true });
  };
  return { url, stop };
}
