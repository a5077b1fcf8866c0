// "Call me back": a number and one safe time, done within half a minute on a phone; the operator sees when the telephone is safe and what
// to say if somebody else answers; the server sees none of it (protocol section 4.1).

import { test } from "node:test";
import assert from "node:assert/strict";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();
const secrets = [];

/** How fast somebody types on a phone who is in no hurry. */
const SLOW_KEYS = { delay: 250 };
const HALF_A_MINUTE_MS = 30_000;

/** What the operator's page shows of the call. */
async function readCall(page) {
  await page.waitForSelector("#call:not([hidden])");
  return {
    number: (await page.textContent("#call-number")).trim(),
    otherwise: (await page.textContent("#call-else")).trim(),
    language: (await page.textContent("#call-language")).trim(),
    times: await page.locator("#call-windows li").allTextContents(),
    /** Whether the number dials now: only within a safe time. */
    dials: (await page.locator("#call-number a").count()) > 0,
  };
}

async function openNewest(page, language) {
  await page.goto(`/${language}/console/`);
  await operator.show(page, (await operator.readInbox(page)).find(({ state }) => state === "arrived"));
  await operator.open(page);
}

for (const language of LANGUAGES) {
  // A centre for each language: no inbox holds what the other story left.
  const [slug, name] = language === "it" ? ["livorno", "elena.livorno"] : ["mantova", "chiara.mantova"];

  test(`asked for within half a minute, and the operator sees how to call (${language})`, async (t) => {
    const found = [];
    const number = `+39 333 5550${language === "it" ? "142" : "143"}`;
    const otherwise = canary.sentence(language === "it" ? "Sono della biblioteca," : "I am from the library,");
    secrets.push(number, number.replaceAll(" ", ""), otherwise);
    const her = await here.visit(t, { language, viewport: PHONE });
    const { page } = her;
    await page.goto(`/${language}/places/${slug}`);
    await reporter.follow(page, `main a[href="/${language}/places/${slug}/a/call"]`);
    await reporter.formReady(page);
    found.push(...(await look(page, `${language}-call`)));

    const begun = Date.now();
    await page.locator("#number").pressSequentially(number, SLOW_KEYS);
    await page.locator("input[data-from]").nth(1).check();
    const chosen = (await page.locator("label.time").nth(1).innerText()).trim();
    await page.click("#send");
    await page.waitForSelector("#step-code:not([hidden])");
    const took = Date.now() - begun;
    t.diagnostic(`from the first digit to the code: ${took} ms, ${number.length} keys of ${SLOW_KEYS.delay} ms`);
    assert.ok(took < HALF_A_MINUTE_MS, `${took} ms`);
    found.push(...(await look(page, `${language}-call-code`)));
    assert.equal((await page.content()).includes(number), false, "the number is wiped from the page");
    await reporter.confirm(page, await reporter.readCode(page));
    found.push(...(await look(page, `${language}-call-done`)));

    // Another one, with words of her own and two times.
    await page.goto(`/${language}/places/${slug}/a/call`);
    await reporter.formReady(page);
    await reporter.fillCall(page, { number, times: 2, otherwise });
    await reporter.send(page);

    const centre = await here.visit(t, { language });
    await operator.signIn(centre.page, { language, account: here.server.account(name) });
    const calls = [];
    for (let call = 0; call < 2; call += 1) {
      await openNewest(centre.page, language);
      calls.push(await readCall(centre.page));
    }
    const [one, two] = calls.sort((first, other) => first.times.length - other.times.length);
    assert.equal(one.number, number);
    assert.equal(one.times.length, 1);
    const [from, to] = chosen.match(/\d{1,2}:\d{2}/g);
    assert.ok([from, to].every((time) => one.times[0].includes(time.padStart(5, "0"))), `${chosen} is ${one.times[0]}`);
    assert.equal(one.dials, false, "no time that she chose has begun yet");
    assert.notEqual(one.otherwise, "", "what to say if somebody else answers is never left open");
    assert.deepEqual([two.otherwise, two.times.length], [otherwise, 2]);
    assert.deepEqual(found, []);
    assertClean(her);
    assertClean(centre);
  });

  test(`what is missing is said at the field, and nothing typed is lost (${language})`, async (t) => {
    const found = [];
    const her = await here.visit(t, { language, viewport: PHONE });
    const { page } = her;
    await page.goto(`/${language}/places/${slug}/a/call`);
    await reporter.formReady(page);
    const otherwise = canary.sentence("Parole sue,");
    await page.fill("#number", "333");
    await page.fill("#else-own", otherwise);
    await page.locator("input[data-from]").first().check();
    await page.click("#send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "number"));
    assert.deepEqual(await reporter.refused(page, "#number"), reporter.AT_THE_FIELD);
    found.push(...(await look(page, `${language}-call-number`)));
    assert.equal(await page.inputValue("#number"), "333");
    await page.keyboard.type("5");
    assert.equal(await page.isVisible("#errors"), false, "taken back with the next digit");

    await page.fill("#number", "333 555 0144");
    await page.locator("input[data-from]").first().uncheck();
    await page.click("#send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "windows"));
    found.push(...(await look(page, `${language}-call-times`)));
    assert.deepEqual([await page.inputValue("#number"), await page.inputValue("#else-own")], ["333 555 0144", otherwise]);
    await page.locator("input[data-from]").nth(1).check();
    assert.equal(await page.isVisible("#errors"), false, "any of the times answers it");

    // The connection is gone: said, kept, and sent when it is back.
    await page.route("**/reports", (route) => route.abort("internetdisconnected"), { times: 1 });
    await page.click("#send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "network"));
    assert.deepEqual([await page.inputValue("#number"), await page.inputValue("#else-own")], ["333 555 0144", otherwise]);
    assert.ok(await page.locator("input[data-from]").nth(1).isChecked());
    await reporter.send(page);
    assert.deepEqual(found, []);
  });
}

test("with the keyboard alone", async (t) => {
  const { page } = await here.visit(t, { language: "it" });
  await page.goto("/it/places/livorno/a/call");
  await reporter.formReady(page);
  await page.focus("#number");
  await page.keyboard.insertText("+39 333 5550145");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  assert.ok(await page.locator("input[data-from]").first().isChecked());
  for (let presses = 0; presses < 30 && !(await page.evaluate(() => document.activeElement.matches("[name=else]"))); presses += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  assert.ok(await page.isChecked("#else-2"));
  for (let presses = 0; presses < 5 && !(await page.evaluate(() => document.activeElement.id === "send")); presses += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#step-code:not([hidden])");
});

test("times are those of the centre, wherever the device believes to be", async (t) => {
  const times = async (timezoneId) => {
    const context = await here.browser.newContext({ baseURL: here.server.origin, locale: "it-IT", timezoneId });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto("/it/places/livorno/a/call");
    return page.locator("input[data-from]").evaluateAll((all) => all.map(({ dataset }) => [dataset.from, dataset.to]));
  };
  const [home, away] = [await times("Europe/Rome"), await times("Asia/Manila")];
  assert.ok(home.length > 1);
  assert.deepEqual(home, away);
  for (const [from, to] of home) assert.ok(Date.now() < Date.parse(from) && Date.parse(from) < Date.parse(to));
});

test("database, side files and log know no number and nothing that was to be said", async () => {
  canary.assertNowhere(await here.server.written(), secrets);
});
