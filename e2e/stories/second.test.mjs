// A second centre (protocol section 7.7): ticked by her, both named to her; it sees only that one waits, until the promised time of the
// first has passed unopened; whoever opens holds the report alone.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { sql } from "../lib/store.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();
const secrets = [];

/** First centre, second centre, and somebody who reads at each. */
const PAIRS = { it: ["livorno", "mantova", "elena.livorno", "chiara.mantova"], en: ["mantova", "livorno", "amina.mantova", "grace.livorno"] };

/** Days pass for what lies unopened: the day of arrival is what the server compares with its clock. */
async function daysPass(days) {
  await sql(here.server, `UPDATE report SET arrived_on = date(arrived_on, '-${days} days') WHERE arrived_on IS NOT NULL`);
}

async function desk(t, language, name) {
  const one = await here.visit(t, { language });
  await operator.signIn(one.page, { language, account: here.server.account(name) });
  return one;
}

/** The cases that name this member's centre as the second one, and whether it may open them. */
async function readSecond(page, language) {
  await page.goto(`/${language}/console/`);
  return page.locator("#second [data-case]").evaluateAll((lines) => lines.map((line) => ({ case: line.dataset.case, mayOpen: line.dataset.mayOpen === "true", text: line.textContent })));
}

/** She writes to the first centre and ticks the second one. */
async function write(t, language, said, found = []) {
  const [first, second] = PAIRS[language];
  const her = await here.visit(t, { language, viewport: PHONE });
  const other = await here.server.centre(second);
  await her.page.goto(`/${language}/places/${first}/a`);
  await reporter.formReady(her.page);
  await reporter.fill(her.page, { text: said, second: other.centre });
  const choice = await her.page.locator("#second-choice").innerText();
  assert.ok(choice.includes(other.name[language]), "the second centre is named");
  assert.ok((await her.page.textContent("h1")).includes((await here.server.centre(first)).name[language]), "and so is the first");
  const help = await her.page.textContent("#second-help");
  assert.match(help, language === "it" ? /entrambi hanno una chiave/ : /both have a key/, "she is told that both can open it");
  found.push(...(await look(her.page, `${language}-second-chosen`)));
  const code = await reporter.send(her.page);
  secrets.push(said, ...canary.codeForms(code));
  assertClean(her);
  return code;
}

for (const language of LANGUAGES) {
  const [, , atFirst, atSecond] = PAIRS[language];

  test(`the second centre waits for the promised time, then opens and holds it alone; she reads its answer (${language})`, async (t) => {
    const found = [];
    const said = canary.sentence("Qualcuno deve leggere.");
    const second = await desk(t, language, atSecond);
    const before = (await readSecond(second.page, language)).map((one) => one.case);
    const code = await write(t, language, said, found);
    const find = async () => (await readSecond(second.page, language)).find((one) => !before.includes(one.case));
    let line = await find();
    assert.equal(line.mayOpen, false);
    assert.equal(line.text.includes(said), false);
    await second.page.goto(`/${language}/console/reports/${line.case}`);
    assert.equal(await second.page.isVisible("#open"), false, "nothing to press before its time");
    const refusal = await second.page.evaluate(async (address) => {
      const csrf = document.getElementById("console").dataset.csrf;
      const response = await fetch(address, { method: "POST", headers: { "x-approdo-csrf": csrf, "content-type": "application/json" }, body: "{}" });
      return [response.status, (await response.json()).code];
    }, `/console/reports/${line.case}/open`);
    assert.deepEqual(refusal, [403, "not-yet"], "nor for who asks the server past the page");

    // The last day of the promise is not over.
    const { promise_days: promise } = await here.server.centre(PAIRS[language][0]);
    await daysPass(promise);
    line = await find();
    assert.equal(line.mayOpen, false, "the promised day itself belongs to the first centre");
    await daysPass(1);
    line = await find();
    assert.equal(line.mayOpen, true);
    await operator.showCase(second.page, { language, caseId: line.case });
    assert.equal((await operator.open(second.page))[0].text, said);
    assert.ok(await second.page.isVisible("#taken-over"));
    const answer = canary.sentence("Siamo l’altro centro.");
    secrets.push(answer);
    await operator.answer(second.page, answer);

    // The first centre comes too late: it sees who holds it, and nothing opens.
    const first = await desk(t, language, atFirst);
    const late = (await readSecond(first.page, language)).find((one) => one.case === line.case);
    assert.equal(late?.mayOpen ?? false, false);
    const own = (await operator.readInbox(first.page)).find((one) => one.case === line.case);
    assert.equal(own, undefined, "it is no longer among its own");

    const her = await here.visit(t, { language });
    await reporter.openBox(her.page, { language, code: code.code });
    assert.ok((await reporter.readBox(her.page)).some(({ text }) => text === answer), "her code opens what the second centre says");
    await reporter.addMessage(her.page, canary.sentence("Grazie."));
    await operator.showCase(second.page, { language, caseId: line.case });
    assert.equal((await operator.open(second.page)).length, 3);
    assert.deepEqual(found, []);
  });

  test(`opened in time, it stays with the first centre (${language})`, async (t) => {
    const said = canary.sentence("Letto in tempo.");
    await write(t, language, said);
    const first = await desk(t, language, atFirst);
    const line = (await operator.readInbox(first.page)).find(({ state }) => state === "arrived");
    await operator.show(first.page, line);
    await operator.open(first.page);
    await daysPass(8);
    const second = await desk(t, language, atSecond);
    const seen = (await readSecond(second.page, language)).find((one) => one.case === line.case);
    assert.equal(seen?.mayOpen ?? false, false);
    await second.page.goto(`/${language}/console/reports/${line.case}`);
    assert.equal(await second.page.isVisible("#open"), false);
  });

  test(`a second centre whose papers do not hold cannot be chosen, and the rest of the form works (${language})`, async (t) => {
    const [first, second] = PAIRS[language];
    const { page } = await here.visit(t, { language });
    const other = await here.server.centre(second);
    const certificate = await readFile(path.join(here.server.demo, "public", first, "certificate.json"), "utf8");
    const statements = await readFile(path.join(here.server.demo, "public", first, "statements.json"), "utf8");
    // The papers of the first centre under the name of the second: all signatures are good.
    await page.route(`**/network/centres/${other.centre}.json`, (route) => route.fulfill({ contentType: "application/json", body: `{"certificate":${certificate},"statements":${statements}}` }));
    await page.goto(`/${language}/places/${first}/a`);
    await reporter.formReady(page);
    assert.equal(await page.locator("#second-part").count(), 0);
    await reporter.fill(page, { text: canary.sentence("Basta il primo.") });
    await reporter.send(page);
  });
}

test("nobody who was not chosen hears of a report", async (t) => {
  const { page } = await here.visit(t, { language: "it" });
  await page.goto("/it/places/livorno/a");
  await reporter.formReady(page);
  await reporter.fill(page, { text: canary.sentence("Solo per il primo.") });
  const second = await desk(t, "it", "chiara.mantova");
  const before = await readSecond(second.page, "it");
  await reporter.send(page);
  assert.deepEqual(await readSecond(second.page, "it"), before);
});

test("no sentence or code stands in database, side files or log", async () => {
  canary.assertNowhere(await here.server.written(), secrets);
});
