// Files that go with a report: pictures without place, time and device; the original by her choice alone; progress, a broken connection,
// stopping; and what the operator gets of it (protocol section 5).

import { test } from "node:test";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as pictures from "../lib/pictures.mjs";
import { between } from "../lib/proxy.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();
const secrets = [];

const PLACES = { it: ["livorno", "elena.livorno"], en: ["mantova", "chiara.mantova"] };
const CHUNK = 262_144;

/** At the open form, on a phone. */
async function atForm(t, language, options = {}) {
  const her = await here.visit(t, { language, viewport: PHONE, ...options });
  await her.page.goto(`/${language}/places/${PLACES[language][0]}/a`);
  await reporter.formReady(her.page);
  return her;
}

/** The operator opens the newest report. */
async function opened(t, language) {
  const [, name] = PLACES[language];
  const centre = await here.visit(t, { language });
  await operator.signIn(centre.page, { language, account: here.server.account(name) });
  const line = (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived");
  await operator.show(centre.page, line);
  await operator.open(centre.page);
  return centre;
}

/** The line of a file, on her side and on the operator's. */
const lineOf = (page, name) => page.locator("li.item").filter({ has: page.locator("[data-part=name]", { hasText: name }) }).last();

/** What the operator's *Save* gives. */
async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), lineOf(page, name).locator("[data-part=save]").click()]);
  return readFile(await download.path());
}

/** The sentence that the page has for a state of a file. */
const sentence = (page, name) => page.getAttribute("#texts", `data-${name}`);

for (const language of LANGUAGES) {
  test(`pictures arrive without place, time and device, and look the same; an original only by choice (${language})`, async (t) => {
    const found = [];
    const note = canary.sentence("43.5485N 10.3106E");
    const kept = canary.sentence("Prova");
    secrets.push(note, kept);
    const her = await atForm(t, language);
    const { page } = her;
    const plain = { jpeg: await pictures.jpeg(page, note), png: await pictures.png(page, note), webp: await pictures.webp(page, note) };
    const original = await pictures.jpeg(page, kept);
    for (const bytes of Object.values(plain)) assert.ok(bytes.includes(note), "the canaries are in it");
    await page.click("#attach summary");
    await reporter.attach(page, [
      ...Object.entries(plain).map(([type, buffer]) => ({ name: `foto.${type}`, mimeType: `image/${type}`, buffer })),
      { name: "originale.jpg", mimeType: "image/jpeg", buffer: original },
    ]);
    for (const type of Object.keys(plain)) assert.equal(await lineOf(page, `foto.${type}`).locator("[data-part=state]").innerText(), await sentence(page, "file-clean"), type);
    assert.equal(await lineOf(page, "foto.jpeg").locator("[data-part=warning]").isVisible(), false);
    await lineOf(page, "originale.jpg").locator("input[type=checkbox]").check();
    assert.equal(await lineOf(page, "originale.jpg").locator("[data-part=state]").innerText(), await sentence(page, "file-original"));
    assert.ok(await lineOf(page, "originale.jpg").locator("[data-part=warning]").isVisible(), "and what that means is said");
    found.push(...(await look(page, `${language}-files-chosen`)));

    // Pictures alone are a message.
    const code = await reporter.send(page);
    secrets.push(...canary.codeForms(code));
    assert.equal((await page.content()).includes("originale.jpg"), false, "nothing of them stays in the page");
    assertClean(her);

    const centre = await opened(t, language);
    for (const [type, bytes] of Object.entries(plain)) {
      const clean = await saved(centre.page, `foto.${type}`);
      assert.equal(clean.includes(note), false, `${type} is clean`);
      assert.equal(clean.includes("Photoshop") || clean.includes("xmpmeta") || clean.includes("tIME"), false);
      assert.equal(await pictures.pixels(page, clean, `image/${type}`), await pictures.pixels(page, bytes, `image/${type}`), `${type} looks the same`);
    }
    assert.deepEqual(await saved(centre.page, "originale.jpg"), original, "the original is untouched");
    assert.deepEqual(found, []);
    assertClean(centre);
  });

  test(`what cannot be cleaned is sent only after she said so (${language})`, async (t) => {
    const found = [];
    const her = await atForm(t, language);
    const { page } = her;
    const pdf = Buffer.from(`%PDF-1.7\n% ${canary.sentence("Autore")}\n%%EOF\n`);
    secrets.push(pdf.toString().split("\n")[1].slice(2));
    const words = canary.sentence("Allego il referto.");
    await page.fill("#text", words);
    await page.click("#attach summary");
    // Half a picture is none.
    await reporter.attach(page, [
      { name: "referto.pdf", mimeType: "application/pdf", buffer: pdf },
      { name: "rotta.jpg", mimeType: "image/jpeg", buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]) },
    ]);
    for (const name of ["referto.pdf", "rotta.jpg"]) {
      assert.equal(await lineOf(page, name).locator("[data-part=state]").innerText(), await sentence(page, "file-waits"));
      assert.ok(await lineOf(page, name).locator("[data-part=warning]").isVisible());
    }
    await page.click("#send");
    await page.waitForSelector("#attach-problem:not([hidden])");
    assert.equal(await page.textContent("#attach-problem"), await sentence(page, "file-undecided"));
    assert.ok(await lineOf(page, "referto.pdf").locator("input").evaluate((box) => document.activeElement === box), "the focus is where she decides");
    assert.equal(await page.inputValue("#text"), words);
    found.push(...(await look(page, `${language}-files-undecided`)));
    await lineOf(page, "referto.pdf").locator("input").check();
    await lineOf(page, "rotta.jpg").locator("button").click();
    assert.equal(await lineOf(page, "rotta.jpg").count(), 0);
    await reporter.send(page);

    const centre = await opened(t, language);
    assert.equal(await lineOf(centre.page, "referto.pdf").locator("[data-part=view]").isVisible(), false, "the viewer shows no such file");
    assert.ok(await lineOf(centre.page, "referto.pdf").locator("[data-part=warning]").isVisible());
    assert.deepEqual(await saved(centre.page, "referto.pdf"), pdf);
    assert.deepEqual(found, []);
    assertClean(her);
  });

  test(`too large, too many, empty: said at the field, nothing typed or chosen is lost (${language})`, async (t) => {
    const { page, seen } = await atForm(t, language);
    const words = canary.sentence("Resta qui.");
    await page.fill("#text", words);
    await page.click("#attach summary");
    await reporter.attach(page, [{ name: "resta.txt", mimeType: "text/plain", buffer: Buffer.from("resta") }]);
    const large = path.join(here.server.folder, `film-${language}.mp4`);
    const file = await open(large, "w");
    await file.truncate(50 * 1024 * 1024 + 1);
    await file.close();
    const problem = async () => (await page.textContent("#attach-problem")).trim();
    await page.setInputFiles("#attach-file", large);
    assert.equal(await problem(), (await sentence(page, "file-too-long")).replace("{name}", `film-${language}.mp4`));
    assert.equal(await page.getAttribute("#attach-file", "aria-invalid"), "true");
    await page.setInputFiles("#attach-file", { name: "vuoto.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) });
    assert.equal(await problem(), (await sentence(page, "file-empty")).replace("{name}", "vuoto.txt"));
    await page.setInputFiles("#attach-file", Array.from({ length: 8 }, (_, index) => ({ name: `${index}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") })));
    assert.equal(await problem(), await sentence(page, "file-too-many"));
    assert.equal(await page.locator("#attach-list > li").count(), 8);
    assert.deepEqual([await page.inputValue("#text"), await lineOf(page, "resta.txt").count()], [words, 1]);
    assert.deepEqual(seen.requests.filter(({ path: where }) => where.startsWith("/files/")), [], "nothing was sent");
  });

  test(`progress is shown, and a connection that breaks half way goes on where it was (${language})`, async (t) => {
    const found = [];
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const her = await here.visit(t, { language, viewport: PHONE, origin: proxy.origin });
    const { page } = her;
    await page.goto(`/${language}/places/${PLACES[language][0]}/a`);
    await reporter.formReady(page);
    const words = canary.sentence("Un documento lungo.");
    await page.fill("#text", words);
    await page.click("#attach summary");
    const bytes = randomBytes(6 * CHUNK + 1_000);
    await reporter.attach(page, [{ name: "registrazione.bin", mimeType: "application/octet-stream", buffer: bytes }]);
    await lineOf(page, "registrazione.bin").locator("input").check();

    // The third piece arrives and its answer does not; the fifth never arrives. Each time the line is dead until it is mended: a browser
    // by itself tries once more where a kept connection ends without an answer.
    let isDead = false;
    const broken = new Set();
    proxy.lie(async ({ path: where }, pass) => {
      if (isDead) return null;
      const number = where.match(/^\/files\/[^/]+\/([24])$/)?.[1];
      if (number === undefined || broken.has(number)) return pass();
      broken.add(number);
      isDead = true;
      if (number === "2") await pass();
      return null;
    });
    await page.click("#send");
    await page.waitForSelector("#upload-paused:not([hidden])");
    assert.equal(await page.evaluate(() => document.activeElement.id), "upload-continue");
    const done = await page.evaluate(() => document.getElementById("upload-progress").value);
    assert.equal(done, 2);
    found.push(...(await look(page, `${language}-upload-paused`)));
    await page.click("#upload-continue");
    await page.waitForSelector("#upload-paused:not([hidden])");
    assert.equal(await page.evaluate(() => document.getElementById("upload-progress").value), 2, "still dead");
    isDead = false;
    await page.click("#upload-continue");
    // The fifth piece was cut off as well; by then the device says itself that it is back.
    await page.waitForFunction(() => document.getElementById("upload-progress").value === 4 && !document.getElementById("upload-paused").hidden);
    isDead = false;
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForSelector("#step-code:not([hidden])");
    const sent = proxy.seen.map((one) => one.path).filter((where) => /^\/files\/[^/]+\/\d+$/.test(where)).map((where) => Number(where.split("/").at(-1)));
    assert.deepEqual(sent.filter((number) => number < 2 || number === 3), [0, 1, 3], "what had arrived was not sent again");
    assert.equal(sent.includes(2), false, "the piece whose answer was lost was asked about, not sent");
    proxy.lie();

    const centre = await opened(t, language);
    assert.ok((await saved(centre.page, "registrazione.bin")).equals(bytes));
    assert.deepEqual(found, []);
  });

  test(`stopped while it is sent: nothing reaches the centre, everything is still there, and sending again works (${language})`, async (t) => {
    const { page } = await atForm(t, language);
    const words = canary.sentence("Ci ripenso.");
    await page.fill("#text", words);
    await page.click("#attach summary");
    const bytes = randomBytes(3 * CHUNK);
    await reporter.attach(page, [{ name: "ripensato.bin", mimeType: "", buffer: bytes }]);
    await lineOf(page, "ripensato.bin").locator("input").check();
    let goOn;
    const held = new Promise((resolve) => (goOn = resolve));
    await page.route("**/files/*/1", async (route) => {
      await held;
      await route.continue();
    }, { times: 1 });
    let reports = 0;
    page.on("request", (request) => (reports += request.url().endsWith("/reports") ? 1 : 0));
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("upload-progress").value === 1);
    await page.click("#upload-cancel");
    goOn();
    await page.waitForSelector("#step-form:not([hidden])");
    assert.equal(await page.textContent("#attach-problem"), await page.getAttribute("#texts", "data-error-file-cancelled"));
    assert.equal(await page.isVisible("#errors"), false, "stopping is no error");
    assert.deepEqual([await page.inputValue("#text"), await lineOf(page, "ripensato.bin").count(), reports], [words, 1, 0]);
    await reporter.send(page);
    const centre = await opened(t, language);
    assert.ok((await saved(centre.page, "ripensato.bin")).equals(bytes));
  });
}

test("a file goes with a message too, and the picture is seen in the viewer", async (t) => {
  const note = canary.sentence("Telefono di");
  secrets.push(note);
  const her = await atForm(t, "it");
  await reporter.fill(her.page, { text: canary.sentence("Arriva una foto.") });
  const code = await reporter.send(her.page);
  const centre = await opened(t, "it");
  await operator.answer(centre.page, canary.sentence("Mandi pure."));
  await reporter.openBox(her.page, { language: "it", code: code.code });
  await her.page.click("#attach summary");
  await reporter.attach(her.page, [{ name: "dopo.jpg", mimeType: "image/jpeg", buffer: await pictures.jpeg(her.page, note) }]);
  const found = await look(her.page, "it-box-file");
  await her.page.click("#message-send");
  await her.page.waitForSelector("#message-sent:not([hidden])");
  assert.equal(await her.page.locator("#attach-list > li").count(), 0);
  await operator.showCase(centre.page, { language: "it", caseId: centre.page.url().split("/").at(-1) });
  await operator.open(centre.page);
  await lineOf(centre.page, "dopo.jpg").locator("[data-part=view]").click();
  const frame = await (await centre.page.waitForSelector("#viewer-frame")).contentFrame();
  const picture = await frame.waitForSelector("img");
  await frame.waitForFunction(() => document.querySelector("img").naturalWidth === 640);
  assert.equal(await picture.getAttribute("alt"), "dopo.jpg");
  assert.equal(await frame.evaluate(() => origin), "null", "an origin of its own");
  assert.deepEqual(found, []);
  assertClean(her);
});

test("no name of a file, nothing written into one, and no code stands in database, side files or log", async () => {
  canary.assertNowhere(await here.server.written(), [...secrets, "referto.pdf", "originale.jpg", "registrazione.bin"]);
});
