// The committed vectors in WebAssembly, inside a browser: the same files that the native tests make and open (protocol I8).

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { launch } from "../lib/browser.mjs";
import { ROOT } from "../lib/server.mjs";

const MODULE = path.join(ROOT, "web/wasm/vectors");
const VECTORS = path.join(ROOT, "crates/keyring/tests/vectors");
const KINDS = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

let browser;
let server;

before(async () => {
  // A page of its own, so that the module with the vectors never comes near the real ones.
  server = createServer(async (request, response) => {
    const name = path.basename(request.url);
    const body = name === "page.html" ? "<!doctype html><title>vectors</title>" : await readFile(path.join(MODULE, name)).catch(() => null);
    response.writeHead(body === null ? 404 : 200, { "content-type": KINDS[path.extname(name)] ?? "text/plain" });
    response.end(body ?? "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Runs the check in the browser over these files. */
async function check(files) {
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/page.html`);
    return await page.evaluate(async (json) => {
      const core = await import("/browser.js");
      await core.default({ module_or_path: "/core.wasm" });
      return JSON.parse(core.check_vectors(json));
    }, JSON.stringify(files));
  } finally {
    await page.close();
  }
}

async function vectors() {
  const names = (await readdir(VECTORS)).filter((name) => name.endsWith(".json"));
  const files = await Promise.all(names.map(async (name) => [name, JSON.parse(await readFile(path.join(VECTORS, name), "utf8"))]));
  return Object.fromEntries(files);
}

test("every committed vector holds in WebAssembly", async () => {
  const files = await vectors();
  const { checked, failed } = await check(files);
  assert.deepEqual(failed, []);
  assert.ok(checked > 50, `${checked} checks`);
});

test("a changed vector is noticed", async () => {
  const files = await vectors();
  const text = JSON.stringify(files["frames.json"]);
  const place = text.indexOf("QVBQUk9ETz") + 400;
  const other = text[place] === "A" ? "B" : "A";
  files["frames.json"] = JSON.parse(text.slice(0, place) + other + text.slice(place + 1));
  const { failed } = await check(files);
  assert.notDeepEqual(failed, []);
  delete files["frames.json"];
  assert.ok((await check(files)).failed.length > 0, "a missing file is a failure");
});
