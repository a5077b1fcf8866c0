// An unknown code and a report without an answer are the same, on the screen and on the wire (protocol section 7.2, I10).

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** An exchange, with everything that could tell one code from another. */
async function describe(response, pathname) {
  const request = response.request();
  const headers = await response.headersArray();
  return {
    method: request.method(),
    pathname,
    sent: request.postDataBuffer()?.length ?? 0,
    status: response.status(),
    // The date is the one header that says when, not what.
    headers: headers.filter(({ name }) => name.toLowerCase() !== "date").map(({ name, value }) => `${name}: ${value}`).sort(),
    length: (await response.body()).length,
  };
}

/** Opens the mailbox and returns everything an observer, or she herself, could see. */
async function observe(t, language, code) {
  const one = await here.visit(t, { language });
  const preparation = [];
  const wire = [];
  let exchanges = preparation;
  one.page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith("/static/") && !response.request().isNavigationRequest()) exchanges.push(describe(response, pathname));
  });
  await one.page.goto(`/${language}/box`);
  await reporter.formReady(one.page);
  exchanges = wire;
  await one.page.fill("#code", code);
  await one.page.click("#open");
  await one.page.waitForSelector("#step-box:not([hidden])");
  await one.page.waitForLoadState("networkidle");
  const words = [await one.page.textContent("#word-1"), await one.page.textContent("#word-2")].map((word) => word.trim());
  for (const word of words) assert.match(word, /\p{L}+/u);
  // The two words depend on the code alone; everything else has to be equal.
  await one.page.evaluate(() => ["word-1", "word-2"].forEach((id) => (document.getElementById(id).textContent = "word")));
  const seen = {
    screen: await one.page.locator("body").innerText(),
    // What is fetched before any code is typed comes in any order; what follows the code has to come in the same one.
    preparation: (await Promise.all(preparation)).sort((one, other) => one.pathname.localeCompare(other.pathname)),
    wire: await Promise.all(wire),
    words,
  };
  assertClean(one);
  return seen;
}

for (const language of LANGUAGES) {
  test(`a known code without an answer and an unknown one cannot be told apart (${language})`, async (t) => {
    const her = await here.visit(t, { language });
    await reporter.walkToForm(her.page, { language, slug: "mantova", door: "a" });
    await reporter.fill(her.page, { text: canary.sentence("Nessuno ha ancora risposto.") });
    const known = await reporter.send(her.page);

    const real = await observe(t, language, known.code);
    const unknown = await observe(t, language, "31415926535897932384");
    assert.deepEqual(real.words, known.words);
    assert.equal(real.screen, unknown.screen);
    assert.deepEqual(real.preparation, unknown.preparation);
    assert.deepEqual(real.wire, unknown.wire);
    const page = real.wire.find(({ pathname }) => pathname === "/mailbox/page");
    assert.deepEqual([page.status, page.sent, page.length], [200, 164, 36_864]);
  });
}

test("an observer of the network cannot tell a code with an answer from an unknown one", async (t) => {
  const her = await here.visit(t);
  await reporter.walkToForm(her.page, { language: "it", slug: "livorno", door: "a" });
  await reporter.fill(her.page, { text: canary.sentence("Qualcuno risponde.") });
  const { code } = await reporter.send(her.page);
  const colleague = await here.visit(t);
  await operator.signIn(colleague.page, { language: "it", account: here.server.account("elena.livorno") });
  await operator.show(colleague.page, (await operator.readInbox(colleague.page))[0]);
  await operator.open(colleague.page);
  await operator.answer(colleague.page, canary.sentence("Siamo qui."));

  const answered = await observe(t, "it", code);
  const unknown = await observe(t, "it", "31415926535897932384");
  assert.notEqual(answered.screen, unknown.screen, "the answer is shown");
  assert.deepEqual(answered.preparation, unknown.preparation);
  assert.deepEqual(answered.wire, unknown.wire);
});

test("a code is read in any digits, with spaces and hyphens; another number of digits is said at once", async (t) => {
  const { page } = await here.visit(t);
  await page.goto("/it/box");
  await reporter.formReady(page);
  await page.fill("#code", "3141 5926 5358 9793 238");
  await page.click("#open");
  assert.equal(await reporter.errorText(page), await reporter.sentence(page, "code-length"));
  const words = async (code) => {
    await page.goto("/it/box");
    await reporter.formReady(page);
    await page.fill("#code", code);
    await page.click("#open");
    await page.waitForSelector("#step-box:not([hidden])");
    return [await page.textContent("#word-1"), await page.textContent("#word-2")];
  };
  const plain = await words("31415926535897932384");
  assert.deepEqual(await words("3141-5926 5358\u20119793\u00a02384"), plain);
  assert.deepEqual(await words("\u200f٣١٤١٥٩٢٦٥٣٥٨٩٧٩٣٢٣٨٤"), plain);
  assert.notDeepEqual(await words("31415926535897932385"), plain);
});
