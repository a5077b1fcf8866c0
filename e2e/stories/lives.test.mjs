// What becomes of a code, as the centre sees it (protocol sections 7.4 and 7.7): doubtful words, taking back by two, a withdrawal whose weeks
// are counted, and what waits elsewhere. How she lives it is told in safe-word.test.mjs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { axe, look, picture } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { blob, dayBack, sql } from "../lib/store.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const here = stage();

async function signedIn(t, name, options = {}) {
  const one = await here.visit(t, options);
  await operator.signIn(one.page, { language: options.language ?? "it", account: here.server.account(name) });
  return one;
}

/** Somebody writes on the safe channel; returns her page, her code and the case. */
async function written(t, { slug, safeWord, second }) {
  const her = await here.visit(t);
  const known = new Set((await sql(here.server, "SELECT lower(hex(id)) AS id FROM report")).map(({ id }) => id));
  await her.page.goto(`/it/places/${slug}/a`);
  await reporter.formReady(her.page);
  await reporter.fill(her.page, { text: canary.sentence("Una storia lunga."), safeWord, second });
  const { code } = await reporter.send(her.page);
  const rows = await sql(here.server, "SELECT lower(hex(id)) AS id FROM report");
  const { id } = rows.find((row) => !known.has(row.id));
  return { page: her.page, code, case: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") };
}

async function opened(page, caseId) {
  await operator.showCase(page, { language: "it", caseId });
  await operator.open(page);
}

test("a new code with a wrong word: seen beside the answer, taken back by two; a reason is needed, kept through a race and through the lock", async (t) => {
  const her = await written(t, { slug: "mantova", safeWord: "girasole" });
  const chiara = await here.visit(t);
  await chiara.page.clock.install();
  await operator.signIn(chiara.page, { language: "it", account: here.server.account("chiara.mantova") });
  await opened(chiara.page, her.case);
  await operator.acknowledge(chiara.page);
  const finder = await here.visit(t);
  await reporter.openBox(finder.page, { language: "it", code: her.code });
  await reporter.changeCode(finder.page, { safeWord: "tulipano" });

  await opened(chiara.page, her.case);
  assert.equal((await chiara.page.innerText("#word-now")).trim(), await chiara.page.getAttribute("#texts", "data-word-now-wrong"));
  assert.equal(await chiara.page.locator('#items [data-part=word][data-word="wrong"]').count(), 1);
  assert.match(await chiara.page.innerText("#undos"), /\d{4}/, "until when it can be taken back is said");
  assert.deepEqual(await look(chiara.page, "lives-wrong-word"), []);

  await chiara.page.click("#undos [data-part=send]");
  assert.equal((await chiara.page.innerText("#undos [data-part=error]")).trim(), await reporter.sentence(chiara.page, "undo-reason"));
  assert.match(await chiara.page.evaluate(() => document.activeElement.id), /^undo-reason-rotation-/, "the focus is at the field");
  assert.equal(await chiara.page.getAttribute("#undos textarea", "aria-invalid"), "true");

  // A colleague is faster: the reason stays, what changed is read, and hers is then the second signature.
  await chiara.page.fill("#undos textarea", "Lo ha chiesto al telefono, con la sua parola.");
  const amina = await signedIn(t, "amina.mantova");
  await opened(amina.page, her.case);
  await amina.page.fill("#undos textarea", "Lo ha chiesto allo sportello.");
  await amina.page.click("#undos [data-part=send]");
  await amina.page.waitForSelector("#sent:not([hidden])");
  await picture(amina.page, "lives-signed-first");
  assert.equal(await amina.page.isVisible("#undos form"), false, "one person signs once");
  await chiara.page.click("#undos [data-part=send]");
  assert.equal(await reporter.errorText(chiara.page), await reporter.sentence(chiara.page, "changed"));
  assert.equal(await chiara.page.inputValue("#undos textarea"), "Lo ha chiesto al telefono, con la sua parola.", "her words stay");
  assert.match(await chiara.page.innerText("#undos"), /Amina/, "who has signed is named");
  await picture(chiara.page, "lives-sign-second");

  // Called away: after the lock the reason is still there.
  await chiara.page.clock.fastForward(15 * 60 * 1000);
  await chiara.page.waitForURL((url) => url.pathname === "/it/console/sign-in");
  assert.equal(await chiara.page.evaluate(() => JSON.stringify({ ...sessionStorage }).includes("telefono")), false, "only its sealed form is kept");
  await operator.signIn(chiara.page, { language: "it", account: here.server.account("chiara.mantova") });
  await opened(chiara.page, her.case);
  assert.equal(await chiara.page.inputValue("#undos textarea"), "Lo ha chiesto al telefono, con la sua parola.");
  await chiara.page.click("#undos [data-part=send]");
  await chiara.page.waitForSelector("#sent:not([hidden])");
  await reporter.openBox(her.page, { language: "it", code: her.code });
  await her.page.waitForSelector("#items .item");
  assert.equal(await chiara.page.evaluate((id) => sessionStorage.getItem(`approdo-draft-${id}`), her.case), null, "what was sent is no draft any more");
});

test("withdrawn: what can still be done and until which week is on the page; nothing can be written; a hold is one step away", async (t) => {
  const her = await written(t, { slug: "mantova", safeWord: "girasole" });
  const chiara = await signedIn(t, "chiara.mantova");
  await opened(chiara.page, her.case);
  await operator.acknowledge(chiara.page);
  await reporter.openBox(her.page, { language: "it", code: her.code });
  await reporter.withdraw(her.page, { code: her.code, safeWord: "tulipano" });

  await chiara.page.goto("/it/console/?state=withdrawn");
  const [line] = await operator.readInbox(chiara.page);
  assert.equal(line.case, her.case);
  await operator.show(chiara.page, line);
  const said = await chiara.page.innerText("#withdrawn");
  assert.equal(said.match(/settimana/gi).length, 2, "since which week, and in which the copy goes");
  await operator.open(chiara.page);
  assert.equal((await chiara.page.innerText("#withdrawn-word")).trim(), await chiara.page.getAttribute("#texts", "data-burn-word-wrong"));
  for (const form of ["#answer", "#acknowledge", "#wait", "#close"]) assert.equal(await chiara.page.isVisible(form), false, `${form}: nobody would read it`);
  assert.deepEqual(await look(chiara.page, "lives-withdrawn"), []);
  await Promise.all([chiara.page.waitForURL(`**/keeping/${her.case}`), chiara.page.click("#keeping")]);
  assert.ok(await chiara.page.isVisible("#hold-form"));

  await opened(chiara.page, her.case);
  await chiara.page.fill("#undos textarea", "Lo ha chiesto di persona.");
  await chiara.page.click("#undos [data-part=send]");
  await chiara.page.waitForSelector("#sent:not([hidden])");
  const amina = await signedIn(t, "amina.mantova");
  await opened(amina.page, her.case);
  await amina.page.fill("#undos textarea", "Lo conferma una collega.");
  await amina.page.click("#undos [data-part=send]");
  await amina.page.waitForSelector("#sent:not([hidden])");
  assert.equal(await amina.page.isVisible("#withdrawn"), false, "it is not withdrawn any more");
  assert.equal(await amina.page.isVisible("#answer"), true, "and can be answered");
  await picture(amina.page, "lives-taken-back");
  assertClean(amina);
});

test("the second centre sees that one waits, and may open it once the promised time has passed; then the first finds it gone, in words", async (t) => {
  const { centre } = await here.server.centre("mantova");
  const her = await written(t, { slug: "livorno", second: centre });
  const chiara = await signedIn(t, "chiara.mantova");
  const row = `#second [data-case="${her.case}"]`;
  for (const address of ["/it/console/", "/it/console/?state=arrived"]) {
    await chiara.page.goto(address);
    assert.ok(await chiara.page.isVisible(row), `${address}: it stands where she looks first`);
  }
  assert.match(await chiara.page.innerText(row), /Mare Calmo.*\d{4}/s, "where it waits, and from which day on she may");
  assert.equal(await chiara.page.getAttribute(row, "data-may-open"), null);
  assert.deepEqual(await look(chiara.page, "lives-second-list"), []);
  await Promise.all([chiara.page.waitForURL(`**/reports/${her.case}`), chiara.page.click(`${row} a`)]);
  assert.equal(await chiara.page.isVisible("#open"), false, "before that there is nothing to press");
  assert.equal(await chiara.page.locator("#keeping").count(), 0);
  assert.deepEqual(await axe(chiara.page), []);

  await sql(here.server, `UPDATE report SET arrived_on = '${dayBack(7)}' WHERE id = ${blob(her.case)}`);
  await chiara.page.goto("/it/console/?state=arrived");
  assert.equal(await chiara.page.getAttribute(row, "data-may-open"), "true");
  await chiara.page.click(`${row} a`);
  await chiara.page.waitForSelector("#open:not([disabled])");
  await picture(chiara.page, "lives-second-may-open");
  await operator.open(chiara.page);
  assert.ok(await chiara.page.isVisible("#taken-over"), "that it was taken over is said");
  assert.equal(await chiara.page.isVisible("#second"), false, "and no longer that it waits elsewhere");
  await operator.acknowledge(chiara.page);

  const elena = await signedIn(t, "elena.livorno");
  await elena.page.goto("/it/console/");
  assert.match(await elena.page.innerText(row), /Tre Laghi/, "the first centre sees who holds it");
  await elena.page.goto(`/it/console/reports/${her.case}`);
  assert.equal(await elena.page.isVisible("#open"), false);
  await reporter.openBox(her.page, { language: "it", code: her.code });
  await her.page.waitForSelector("#items .item");
});
