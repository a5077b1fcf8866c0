// A voice message, for who does not write: recorded in the page, heard by the operator in the viewer. And the largest file, with the memory
// that it takes on a telephone (protocol section 5).

import { test } from "node:test";
import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage({
  flags: [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    // Memory is measured at once instead of when the collector comes by.
    "--enable-blink-features=ForceEagerMeasureMemory",
  ],
});

const PLACES = { it: ["livorno", "elena.livorno"], en: ["mantova", "chiara.mantova"] };
const MIB = 1024 * 1024;

async function atForm(t, language, options = {}) {
  const her = await here.visit(t, { language, viewport: PHONE, ...options });
  await her.page.goto(`/${language}/places/${PLACES[language][0]}/a`);
  await reporter.formReady(her.page);
  await her.page.click("#attach summary");
  return her;
}

for (const language of LANGUAGES) {
  test(`a voice is recorded, listened to, sent without a written word, and heard by the operator (${language})`, async (t) => {
    const found = [];
    const her = await atForm(t, language);
    const { page } = her;
    found.push(...(await look(page, `${language}-attach-open`)));
    await page.click("#voice-record");
    await page.waitForSelector("#voice-stop:not([hidden])");
    assert.equal(await page.evaluate(() => document.activeElement.id), "voice-stop");
    assert.equal(await page.textContent("#voice-state"), await page.getAttribute("#texts", "data-voice-recording"));
    await pause(2_000);
    found.push(...(await look(page, `${language}-voice-recording`)));
    await page.click("#voice-stop");
    await page.waitForSelector("#attach-list audio:not([hidden])");
    assert.equal(await page.textContent("#voice-state"), await page.getAttribute("#texts", "data-voice-recorded"));
    assert.equal(await page.locator("#attach-list [data-part=choice]").isVisible(), false, "a voice is sent as it is, and asks nothing");
    await page.evaluate(() => document.querySelector("#attach-list audio").play());
    await page.waitForFunction(() => document.querySelector("#attach-list audio").currentTime > 0);
    found.push(...(await look(page, `${language}-voice-recorded`)));
    const name = (await page.textContent("#attach-list [data-part=name]")).trim();
    assert.match(name, /^[a-z]+-1\.[a-z0-9]+$/, "a name that says nothing");
    await reporter.send(page);
    assertClean(her);

    const centre = await here.visit(t, { language });
    await operator.signIn(centre.page, { language, account: here.server.account(PLACES[language][1]) });
    await operator.show(centre.page, (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived"));
    await operator.open(centre.page);
    await centre.page.click("[data-part=view]");
    const frame = await (await centre.page.waitForSelector("#viewer-frame")).contentFrame();
    await frame.waitForSelector("audio");
    await frame.waitForFunction(() => document.querySelector("audio").readyState > 0);
    await frame.evaluate(() => document.querySelector("audio").play());
    await frame.waitForFunction(() => document.querySelector("audio").currentTime > 0.5);
    assert.equal(await frame.evaluate(() => origin), "null", "an origin of its own");
    found.push(...(await look(centre.page, `${language}-voice-viewer`)));
    assert.deepEqual(found, []);
    assertClean(centre);
  });

  test(`no microphone: said, and the rest of the form works (${language})`, async (t) => {
    const her = await here.visit(t, { language, viewport: PHONE });
    await her.page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await her.page.goto(`/${language}/places/${PLACES[language][0]}/a`);
    await reporter.formReady(her.page);
    await her.page.click("#attach summary");
    await her.page.click("#voice-record");
    await her.page.waitForFunction((sentence) => document.getElementById("voice-state").textContent === sentence, await her.page.getAttribute("#texts", "data-voice-refused"));
    assert.equal(await her.page.evaluate(() => document.activeElement.id), "voice-record");
    await reporter.fill(her.page, { text: canary.sentence("Allora scrivo.") });
    await reporter.send(her.page);
    // Leave nothing unopened behind for the next story.
    const centre = await here.visit(t, { language });
    await operator.signIn(centre.page, { language, account: here.server.account(PLACES[language][1]) });
    await operator.show(centre.page, (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived"));
    await operator.open(centre.page);
  });
}

test("what is being recorded is nobody's once the page is left or emptied", async (t) => {
  const { page } = await atForm(t, "it");
  await page.click("#voice-record");
  await page.waitForSelector("#voice-stop:not([hidden])");
  await pause(500);
  await page.evaluate(() => document.dispatchEvent(new Event("cleared")));
  await page.waitForSelector("#voice-record:not([hidden])");
  assert.equal(await page.locator("#attach-list > li").count(), 0);
});

test("50 MiB go with at most 64 MiB of memory in the worker that seals them", async (t) => {
  const file = path.join(here.server.folder, "film.mp4");
  const handle = await open(file, "w");
  await handle.truncate(50 * MIB);
  await handle.close();
  const her = await here.visit(t, { language: "it", viewport: PHONE });
  const { page } = her;
  // The measurement is given to isolated pages only. Ours need no isolation otherwise; here the answers of the server say so.
  for (const pattern of ["**/it/places/**", "**/static/*.js"]) {
    await page.route(pattern, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, headers: { ...answer.headers(), "cross-origin-embedder-policy": "require-corp" } });
    });
  }
  await page.goto("/it/places/livorno/a");
  await reporter.formReady(page);
  assert.ok(await page.evaluate(() => crossOriginIsolated));
  const worker = page.workers().find((one) => /file-worker/.test(one.url()));
  // The memory of WebAssembly is not in that measurement. The core looks at it anew, through this constructor, whenever it has grown.
  await worker.evaluate(() => {
    globalThis.core = 0;
    globalThis.Uint8Array = new Proxy(Uint8Array, {
      construct(target, values) {
        if (values[0] instanceof ArrayBuffer) globalThis.core = Math.max(globalThis.core, values[0].byteLength);
        return Reflect.construct(target, values);
      },
    });
  });
  await page.click("#attach summary");
  await reporter.attach(page, file);
  await page.locator("#attach-list input[type=checkbox]").check();

  const measure = async () => {
    const core = await worker.evaluate(() => globalThis.core).catch(() => 0);
    const seen = await page.evaluate(async () => {
      const { breakdown } = await performance.measureUserAgentSpecificMemory();
      const workers = breakdown.filter(({ attribution }) => attribution.some(({ scope, url }) => scope === "DedicatedWorkerGlobalScope" && /file-worker/.test(url)));
      return { heap: workers.reduce((sum, { bytes }) => sum + bytes, 0), progress: document.getElementById("upload-progress").value };
    });
    return { ...seen, core };
  };
  const begun = Date.now();
  await page.click("#send");
  const measured = [];
  while (!(await page.isVisible("#step-code"))) {
    measured.push(await measure());
    await pause(200);
    assert.equal(await page.isVisible("#upload-paused"), false);
    assert.ok(Date.now() - begun < 180_000, "50 MiB arrive in time");
  }
  const heap = Math.max(...measured.map((one) => one.heap));
  const core = Math.max(...measured.map((one) => one.core));
  const steps = new Set(measured.map(({ progress }) => progress)).size;
  t.diagnostic(`most memory of the worker: ${(heap / MIB).toFixed(1)} MiB of heap and ${(core / MIB).toFixed(1)} MiB of the core, in ${measured.length} looks, ${steps} steps of progress, ${Date.now() - begun} ms`);
  assert.ok(measured.length > 3 && steps > 3 && heap > 0 && core > MIB, "there was something to measure");
  assert.ok(heap + core <= 64 * MIB, `${heap + core} bytes`);
});
