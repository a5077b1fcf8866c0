// The door (protocol section 7.6): the work is done before she presses Send, and where the door is busy the page waits for its turn by
// itself and says so. Nothing typed is lost.

import { test } from "node:test";
import assert from "node:assert/strict";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

// One post a minute is quiet, one a second is all: what a rush makes of a large server, made with a handful of posts.
const here = stage({ settings: { APPRODO_DOOR__QUIET_POSTS: "1", APPRODO_DOOR__POSTS_PER_SECOND: "1" } });
const secrets = [];

/** The tries that a challenge asks for (protocol section 12.6: after the eight bytes of its time). */
const triesOf = (challenge) => challenge.readUInt32LE(8);
const MOST_TRIES = 8_192;

async function atForm(t, language, slug = "livorno") {
  const her = await here.visit(t, { language, viewport: PHONE });
  await her.page.goto(`/${language}/places/${slug}/a`);
  await reporter.formReady(her.page);
  return her;
}

/** Sends until the door asks for the most work; returns how many reports that took. */
async function rush(t) {
  for (let sent = 0; sent < 12; sent += 1) {
    const { page } = await here.visit(t, { language: "it" });
    const challenge = page.waitForResponse((response) => new URL(response.url()).pathname === "/work");
    await page.goto("/it/places/mantova/a");
    if (triesOf(await (await challenge).body()) >= MOST_TRIES * 0.98) {
      await page.close();
      return sent;
    }
    await reporter.formReady(page);
    await reporter.fill(page, { text: canary.sentence("Uno di molti.") });
    await page.click("#send");
    await page.waitForSelector("#step-code:not([hidden])", { timeout: 60_000 });
    await page.close();
  }
  assert.fail("the door never asked for the most work");
}

test("while it is quiet, the work is done before she presses Send, and nobody on the line sees that she types", async (t) => {
  const her = await atForm(t, "it");
  const { page, seen } = her;
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.endsWith("/work") && responseEnd > 0));
  const before = seen.requests.length;
  await page.locator("#text").pressSequentially("Scrivo piano.", { delay: 40 });
  assert.equal(seen.requests.length, before, "typing sends nothing");
  const words = canary.sentence("Scrivo.");
  secrets.push(words);
  await page.fill("#text", words);
  await reporter.send(page);
  const posts = seen.requests.slice(before).map(({ method, path: where }) => `${method} ${where}`);
  assert.deepEqual(posts, ["POST /reports"], "one post, with the work in it");
  assertClean(her);
});

for (const language of LANGUAGES) {
  test(`a busy door gives an appointment, which is said in plain words and kept by itself; nothing is lost (${language})`, async (t) => {
    const found = [];
    const her = await atForm(t, language);
    const { page } = her;
    const words = canary.sentence("Aspetto il mio turno.");
    secrets.push(words);
    await reporter.fill(page, { text: words, safeContact: "domani" });
    let busy = 0;
    const bodies = new Set();
    await page.route("**/reports", async (route) => {
      bodies.add(route.request().postDataBuffer().toString("base64"));
      busy += 1;
      if (busy === 1) return route.fulfill({ status: 503, headers: { "retry-after": "125" }, contentType: "application/json", body: '{"code":"busy","seconds":125}' });
      return route.continue();
    });
    await page.clock.install();
    await page.click("#send");
    await page.waitForSelector("#waiting:not([hidden])");
    const wait = new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "long" }).format(3);
    assert.equal(await page.textContent("#waiting"), (await page.getAttribute("#texts", "data-waiting")).replace("{wait}", wait));
    found.push(...(await look(page, `${language}-waiting`)));
    assert.equal(busy, 1, "it does not ask before its time");
    await page.clock.fastForward(70_000);
    const seconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "long" });
    await page.waitForFunction((known) => document.getElementById("waiting").textContent.includes(known), seconds.format(65).replace(/\d+/, "").trim());
    await page.clock.fastForward(60_000);
    await page.waitForSelector("#step-code:not([hidden])", { timeout: 60_000 });
    assert.equal(bodies.size, 1, "the very same bytes");
    assert.deepEqual(found, []);
    await reporter.confirm(page, await reporter.readCode(page));
  });
}

test("many at once from one network: each waits for its turn, and every report arrives once", async (t) => {
  await rush(t);
  const texts = [];
  const visitors = [];
  for (let one = 0; one < 6; one += 1) {
    const her = await atForm(t, "it");
    texts.push(canary.sentence("Una di sei."));
    await her.page.fill("#text", texts.at(-1));
    visitors.push(her);
  }
  let waited = 0;
  for (const { page } of visitors) page.on("response", (response) => (waited += response.status() === 503 ? 1 : 0));
  await Promise.all(visitors.map(({ page }) => page.click("#send")));
  await Promise.all(visitors.map(({ page }) => page.waitForSelector("#step-code:not([hidden])", { timeout: 120_000 })));
  t.diagnostic(`${waited} appointments for 6 reports`);
  assert.ok(waited > 0, "somebody had to wait");
  const centre = await here.visit(t, { language: "it" });
  await operator.signIn(centre.page, { language: "it", account: here.server.account("elena.livorno") });
  const found = [];
  for (const line of (await operator.readInbox(centre.page)).filter(({ state }) => state === "arrived")) {
    await operator.showCase(centre.page, { language: "it", caseId: line.case });
    found.push(...(await operator.open(centre.page)).map(({ text }) => text));
  }
  for (const text of texts) assert.equal(found.filter((other) => other === text).length, 1);
});

test("no sentence stands in database, side files or log, and no address", async () => {
  canary.assertNowhere(await here.server.written(), secrets);
});
