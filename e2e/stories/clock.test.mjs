// Clocks of old phones are wrong (protocol section 3): what is off by hours works, what is off by more is said with the date that the device
// shows, beside the telephone; and correcting the date helps without losing the page.

import { test } from "node:test";
import assert from "node:assert/strict";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A device whose clock is off, with web code that was built `age` ago: what is published since then is newer than the code. */
async function device(t, language, off, age = 60 * DAY) {
  const one = await here.visit(t, { language, viewport: PHONE });
  await one.page.route("**/static/worker.*.js", async (route) => {
    const answer = await route.fetch();
    const code = await answer.text();
    // The one number in it that is a moment of these years, in seconds.
    const built = code.match(/\b1[7-9]\d{8}\b/g);
    assert.equal(new Set(built).size, 1, "the time of the build stands in the worker");
    await route.fulfill({ response: answer, body: code.replaceAll(built[0], String(Math.floor((Date.now() - age) / 1000))) });
  });
  await one.page.clock.setFixedTime(Date.now() + off);
  return one;
}

/** The sentence of a code, with the date as the device shows it. */
async function dated(page, code) {
  const date = await page.evaluate(() => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" }).format(new Date()));
  return reporter.sentence(page, code, { date });
}

/** Both the box of refusals and the notice give telephone numbers: everybody's, and the centre's own. */
async function assertPhones(page, own) {
  const numbers = await page.locator("#errors a[href^='tel:']:visible").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.ok(numbers.includes("tel:112") && numbers.includes("tel:1522"), numbers.join(" "));
  if (own) assert.ok(numbers.length > 2, "and the centre's own number");
}

for (const language of LANGUAGES) {
  for (const [name, off] of [["an hour behind", -HOUR], ["an hour ahead", HOUR], ["47 hours behind", -47 * HOUR], ["47 hours ahead", 47 * HOUR]]) {
    test(`${name}: everything works (${language})`, async (t) => {
      const { page } = await device(t, language, off);
      await page.goto(`/${language}/places/livorno/a`);
      await reporter.formReady(page);
      await reporter.fill(page, { text: canary.sentence("L’orologio va male.") });
      const code = await reporter.send(page);
      await reporter.openBox(page, { language, code: code.code });
      assert.ok(await page.isVisible("#no-answers"));
    });
  }

  for (const [name, off] of [["three days", -3 * DAY], ["a year", -365 * DAY]]) {
    test(`${name} behind: "check the date of this device", with the date and the telephone; once it is right, the page goes on (${language})`, async (t) => {
      const { page } = await device(t, language, off);
      await page.goto(`/${language}/places/livorno/a`);
      assert.equal(await reporter.errorText(page), await dated(page, "clock"));
      assert.equal(await page.isEnabled("#text"), false);
      await assertPhones(page, true);
      const found = await look(page, `${language}-clock-behind`);
      await page.clock.setFixedTime(Date.now());
      await page.click("#try-again");
      await reporter.formReady(page);
      assert.equal(await page.isVisible("#errors"), false);
      await reporter.fill(page, { text: canary.sentence("Adesso sì.") });
      await reporter.send(page);
      assert.deepEqual(found, []);
    });

    test(`${name} behind, with web code as new as the papers: the code's own date counts, and everything works (${language})`, async (t) => {
      const { page } = await device(t, language, off, HOUR);
      await page.goto(`/${language}/places/mantova/a`);
      await reporter.formReady(page);
      await reporter.fill(page, { text: canary.sentence("Il telefono crede che sia ieri.") });
      await reporter.send(page);
    });
  }

  test(`three days ahead: the papers hold on that day too, and everything works (${language})`, async (t) => {
    const { page } = await device(t, language, 3 * DAY);
    await page.goto(`/${language}/places/mantova/a`);
    await reporter.formReady(page);
    await reporter.fill(page, { text: canary.sentence("Il telefono crede che sia sabato.") });
    await reporter.send(page);
  });

  for (const [name, years, code] of [["a year", 1, "expired"], ["three years", 3, "clock-or-expired"]]) {
    test(`${name} ahead: the date of the device is said, and the telephone (${language})`, async (t) => {
      const { page } = await device(t, language, (years * 365 + 20) * DAY);
      await page.goto(`/${language}/places/livorno/a`);
      assert.equal(await reporter.errorText(page), await dated(page, code));
      await assertPhones(page, true);
      assert.equal(await page.isEnabled("#text"), false);
    });
  }

  test(`the date jumps while she writes: said, her words stay, and they are sent once it is right (${language})`, async (t) => {
    const { page } = await device(t, language, 0);
    await page.goto(`/${language}/places/livorno/a`);
    await reporter.formReady(page);
    const words = canary.sentence("A metà della frase.");
    await reporter.fill(page, { text: words });
    await page.clock.setFixedTime(Date.now() + 3 * 365 * DAY);
    await page.click("#send");
    assert.equal(await reporter.errorText(page), await dated(page, "clock-or-expired"));
    assert.equal(await page.inputValue("#text"), words);
    await page.clock.setFixedTime(Date.now());
    await reporter.send(page);
  });
}
