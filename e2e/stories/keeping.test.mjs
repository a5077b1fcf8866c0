// Keeping and forgetting in the console: every decision that ends something takes two people, and each page says which second one it waits for.

import { test } from "node:test";
import assert from "node:assert/strict";
import { axe, look, picture } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { blob, sql, weekBack } from "../lib/store.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

async function signedIn(t, name, options = {}) {
  const one = await here.visit(t, options);
  await operator.signIn(one.page, { language: options.language ?? "it", account: here.server.account(name) });
  return one;
}

/** Somebody writes to Mantova; returns the case. */
async function report(t) {
  const { page } = await here.visit(t);
  const known = new Set((await sql(here.server, "SELECT lower(hex(id)) AS id FROM report")).map(({ id }) => id));
  await page.goto("/it/places/mantova/a");
  await reporter.formReady(page);
  await reporter.fill(page, { text: canary.sentence("Da conservare, o no.") });
  await reporter.send(page);
  const rows = await sql(here.server, "SELECT lower(hex(id)) AS id FROM report");
  const { id } = rows.find((row) => !known.has(row.id));
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A report that was opened, answered and closed. */
async function closed(t, page) {
  const caseId = await report(t);
  await operator.showCase(page, { language: "it", caseId });
  await operator.open(page);
  await operator.acknowledge(page);
  await operator.close(page, { reason: "helped", note: "" });
  return caseId;
}

const exists = async (caseId) => (await sql(here.server, `SELECT count(*) AS n FROM report WHERE id = ${blob(caseId)}`))[0].n === 1;

test("terms: one proposes, the same one is refused with a sentence, another confirms; with the keyboard alone", async (t) => {
  const chiara = await signedIn(t, "chiara.mantova");
  await chiara.page.focus('header a[href="/it/console/keeping"]');
  await Promise.all([chiara.page.waitForURL("**/it/console/keeping"), chiara.page.keyboard.press("Enter")]);
  assert.ok(await chiara.page.isVisible("#not-approved"), "until two approve nothing is shredded, and it says so");
  assert.deepEqual(await look(chiara.page, "keeping-first"), []);
  assert.equal(await chiara.page.inputValue("#term-child"), "28");
  await chiara.page.fill("#term-contact", "5");
  await chiara.page.click("#table button");
  assert.equal(new URL(chiara.page.url()).search, "", "the browser itself refuses what is outside the bounds, at the field");
  await chiara.page.fill("#term-contact", "6");
  await Promise.all([chiara.page.waitForURL(/said=proposed/), chiara.page.press("#term-contact", "Enter")]);
  assert.equal(await chiara.page.evaluate(() => document.activeElement.id), "said", "the focus is at what came of it");
  assert.equal(await chiara.page.locator("#confirm-table").count(), 0, "whoever proposed has no button to confirm");
  // Sent all the same, as from an old page.
  const csrf = await chiara.page.getAttribute("#console", "data-csrf");
  const answer = await chiara.page.evaluate(async (token) => {
    const response = await fetch("/console/keeping/table/confirm", { method: "POST", body: new URLSearchParams({ csrf: token, language: "it" }) });
    return response.url;
  }, csrf);
  assert.match(answer, /refused=same-person$/);
  await chiara.page.goto(answer);
  const refused = await operator.told(chiara.page);
  assert.ok(refused.length > 10);
  await picture(chiara.page, "keeping-same-person");

  const amina = await signedIn(t, "amina.mantova");
  await amina.page.goto("/it/console/keeping");
  assert.match(await amina.page.innerText("#suggestion"), /Chiara/, "who proposed them is named");
  assert.match(await amina.page.innerText("#suggestion"), /6\s+mesi/);
  await picture(amina.page, "keeping-suggestion");
  await operator.submit(amina.page, "#confirm-table");
  assert.match(await amina.page.innerText("#approved"), /Chiara.*Amina/s);
  assert.deepEqual(await axe(amina.page), []);
  assertClean(amina);
});

test("a closed case: its purpose, a child's birthday with the month, longer on request; a wrong year is said at the field and kept", async (t) => {
  const { page, seen } = await signedIn(t, "chiara.mantova");
  const caseId = await closed(t, page);
  await page.goto(`/it/console/reports/${caseId}`);
  await Promise.all([page.waitForURL(`**/keeping/${caseId}`), page.click("#keeping")]);
  assert.ok(await page.isVisible("#due"), "a case that was just closed has its term at once");
  assert.deepEqual(await look(page, "keeping-case"), []);
  const asFile = await page.innerText("#due");

  await page.selectOption("#purpose", "contact");
  await operator.submit(page, "#purpose-form");
  assert.notEqual(await page.innerText("#due"), asFile);
  const asContact = await page.innerText("#due");
  await page.selectOption("#months", "12");
  await operator.submit(page, "#prolong-form");
  assert.notEqual(await page.innerText("#due"), asContact);

  await page.selectOption("#purpose", "child");
  await page.fill("#birth-month", "3");
  await operator.submit(page, "#purpose-form");
  assert.ok(await page.isVisible("#birth-error"), "the year is missing");
  // The browser gives the focus a moment after the page is there.
  await page.waitForFunction(() => document.activeElement.id === "birth-year", undefined, { timeout: 10_000 });
  assert.deepEqual([await page.inputValue("#purpose"), await page.inputValue("#birth-month")], ["child", "3"], "what was typed stays");
  assert.equal(page.url().includes("birth"), false, "no birth stands in an address");
  await picture(page, "keeping-birth-wrong");
  assert.deepEqual(await axe(page), []);
  await page.fill("#birth-year", "2012");
  await operator.submit(page, "#purpose-form");
  // 31 March 2040 is a Saturday: the week that holds the last possible birthday ends on 1 April.
  assert.match((await page.innerText("#due")).replace(/[\u2068\u2069]/g, ""), /1 aprile 2040/);
  const [kept] = await sql(here.server, `SELECT * FROM report_keeping WHERE case_id = ${blob(caseId)}`);
  assert.equal(JSON.stringify(kept).includes("2012"), false, "the year of birth itself is not kept");
  assertClean({ seen: { ...seen, complaints: seen.complaints.filter((text) => !/422/.test(text)) } });
});

test("a hold is placed by one and lifted by another", async (t) => {
  const chiara = await signedIn(t, "chiara.mantova");
  const caseId = await closed(t, chiara.page);
  await chiara.page.goto(`/it/console/keeping/${caseId}`);
  await chiara.page.click("#hold-form button");
  assert.equal(await chiara.page.locator("#said, #refused").count(), 0, "without a reason the browser asks for one");
  await chiara.page.selectOption("#hold-reason", "authority");
  await operator.submit(chiara.page, "#hold-form");
  assert.match(await chiara.page.innerText("#hold"), /Chiara/);
  assert.equal(await chiara.page.locator("#lift").count(), 0, "her own hold she does not lift");
  await picture(chiara.page, "keeping-held");
  await chiara.page.selectOption("#shred-reason", "not-needed");
  await operator.submit(chiara.page, "#propose-form");
  assert.ok(await chiara.page.isVisible("#refused"), "what is held is not shredded");

  const amina = await signedIn(t, "amina.mantova");
  await amina.page.goto("/it/console/keeping");
  await amina.page.click(`#held [data-case="${caseId}"] a`);
  await amina.page.waitForURL(`**/keeping/${caseId}`);
  await operator.submit(amina.page, "#lift");
  assert.equal(await amina.page.locator("#hold").count(), 0);
  assert.equal(await amina.page.locator(`#hold-form`).count(), 1);
});

test("what nobody opened is shredded by two; the first cannot be the second, and pressing twice is once", async (t) => {
  const caseId = await report(t);
  const chiara = await signedIn(t, "chiara.mantova");
  await chiara.page.goto(`/it/console/keeping/${caseId}`);
  assert.ok(await chiara.page.isVisible("#open-case"), "no term runs while it is open");
  await chiara.page.selectOption("#shred-reason", "junk");
  await operator.submit(chiara.page, "#propose-form");
  assert.equal(await chiara.page.locator("#confirm").count(), 0);
  const csrf = await chiara.page.getAttribute("#console", "data-csrf");
  const answer = await chiara.page.evaluate(
    async ([token, address]) => (await fetch(address, { method: "POST", body: new URLSearchParams({ csrf: token, language: "it" }) })).url,
    [csrf, `/console/keeping/${caseId}/confirm`],
  );
  assert.match(answer, /refused=same-person$/);
  assert.equal(await exists(caseId), true);

  const amina = await signedIn(t, "amina.mantova");
  await amina.page.goto("/it/console/keeping");
  await Promise.all([amina.page.waitForURL(`**/keeping/${caseId}`), amina.page.click(`#proposals [data-case="${caseId}"] a`)]);
  await picture(amina.page, "keeping-shred-confirm");
  assert.deepEqual(await axe(amina.page), []);
  await amina.page.dblclick("#confirm");
  await amina.page.waitForURL(/said=shredded/);
  assert.ok(await amina.page.isVisible("#said"));
  assert.equal(await exists(caseId), false);
  assert.equal((await sql(here.server, `SELECT count(*) AS n FROM report_item WHERE case_id = ${blob(caseId)}`))[0].n, 0);
  assert.equal((await chiara.page.goto(`/it/console/reports/${caseId}`)).status(), 404);
});

test("what is near its end stands in the list before it goes, in both languages", async (t) => {
  const { page } = await signedIn(t, "chiara.mantova");
  const caseId = await closed(t, page);
  await page.goto(`/it/console/keeping/${caseId}`);
  await page.selectOption("#purpose", "contact");
  await operator.submit(page, "#purpose-form");
  // Two weeks are left of it.
  await sql(here.server, `UPDATE report_keeping SET due_week = '${weekBack(-2)}' WHERE case_id = ${blob(caseId)}`);
  for (const language of LANGUAGES) {
    await page.goto(`/${language}/console/keeping`);
    assert.match(await page.innerText(`#near [data-case="${caseId}"]`), /2026/);
    assert.deepEqual(await look(page, `keeping-near-${language}`), []);
  }
});

test("the forms of keeping work without JavaScript, and say in words when the session has ended", async (t) => {
  const { page, context } = await signedIn(t, "amina.mantova");
  const caseId = await report(t);
  const plain = await here.visit(t, { script: false });
  await plain.context.addCookies(await context.cookies());
  await plain.page.goto(`/it/console/keeping/${caseId}`);
  await plain.page.selectOption("#hold-reason", "request");
  await Promise.all([plain.page.waitForURL(/said=saved/), plain.page.click("#hold-form button")]);
  assert.match(await plain.page.innerText("#hold"), /Amina/);
  await page.goto("/it/console/keeping");
  await operator.signOut(page, { language: "it" });
  await plain.page.selectOption("#shred-reason", "junk");
  await plain.page.click("#propose-form button");
  await plain.page.waitForURL(/sign-in/);
  assert.ok(await plain.page.isVisible("main .notice"), "it says why she has to sign in again");
});
