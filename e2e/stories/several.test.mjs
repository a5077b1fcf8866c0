// Several cases at once: what would happen is said before, each case is told by itself afterwards, and whoever was faster keeps theirs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { axe, picture } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { blob, sql } from "../lib/store.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const here = stage();
const it = { language: "it" };

async function signedIn(t, name, options = {}) {
  const one = await here.visit(t, options);
  await operator.signIn(one.page, { language: "it", account: here.server.account(name) });
  return one;
}

/** So many people write to a centre; returns what each has, her case and her code. */
async function reports(t, { slug, door, number }) {
  const known = new Set((await sql(here.server, "SELECT lower(hex(id)) AS id FROM report")).map(({ id }) => id));
  const written = [];
  for (let one = 0; one < number; one += 1) {
    const { page } = await here.visit(t);
    await page.goto(`/it/places/${slug}/${door}`);
    await reporter.formReady(page);
    await reporter.fill(page, { text: canary.sentence("Una di più.") });
    const { code } = await reporter.send(page);
    const rows = await sql(here.server, "SELECT lower(hex(id)) AS id FROM report");
    const { id } = rows.find((row) => !known.has(row.id));
    known.add(id);
    written.push({ page, code, case: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") });
  }
  return written;
}

async function openAll(page, written) {
  for (const one of written) {
    await operator.showCase(page, { ...it, caseId: one.case });
    await operator.open(page);
  }
}

/** Where a case stands, as the database has it. */
async function standing(caseId) {
  const [row] = await sql(here.server, `SELECT state, version, conversation_items AS items, notes_items AS notes FROM report WHERE id = ${blob(caseId)}`);
  return row;
}

test("the ready-made answer to several: listed first, sent once however often it is pressed, and not to the one a colleague answered", async (t) => {
  const written = await reports(t, { slug: "mantova", door: "a", number: 3 });
  const chiara = await signedIn(t, "chiara.mantova");
  await openAll(chiara.page, written);
  await chiara.page.goto("/it/console/");
  assert.equal(await chiara.page.isVisible("#choose-page"), true);
  await chiara.page.focus("#choose-page");
  await chiara.page.keyboard.press("Space");
  assert.equal(await chiara.page.locator("#inbox input[name=case]:checked").count(), 3, "the whole page with one key");
  await chiara.page.focus("button[name=do][value=acknowledge]");
  await Promise.all([chiara.page.waitForURL(/several/), chiara.page.keyboard.press("Enter")]);
  await chiara.page.waitForSelector("#several-send:not([disabled])");

  const listed = await chiara.page.locator("#chosen > [data-case]").evaluateAll((lines) => lines.map((line) => line.dataset.case));
  assert.deepEqual([...listed].sort(), written.map((one) => one.case).sort(), "each case is named before anything happens");
  const words = (await chiara.page.innerText("main .said")).trim();
  assert.ok(words.length > 20, "and what they will read");
  assert.deepEqual(await axe(chiara.page), []);
  await picture(chiara.page, "several-confirm");
  for (const one of written) assert.equal((await standing(one.case)).state, "opened", "nothing was done by looking");

  // A colleague answers one of them meanwhile.
  const amina = await signedIn(t, "amina.mantova");
  await operator.showCase(amina.page, { ...it, caseId: written[1].case });
  await operator.open(amina.page);
  await operator.answer(amina.page, "Ha già risposto Amina.");

  await chiara.page.dblclick("#several-send");
  const became = await operator.outcomes(chiara.page);
  assert.deepEqual(became, { [written[0].case]: "done", [written[1].case]: "changed", [written[2].case]: "done" });
  assert.equal(await chiara.page.evaluate(() => document.activeElement.id), "several-done", "the focus is where it is told");
  assert.deepEqual((await chiara.page.innerText("#several-done")).match(/\d+/g), ["2", "1"], "two done, one not");
  await picture(chiara.page, "several-done");
  assert.deepEqual(await axe(chiara.page), []);
  assert.equal(await chiara.page.isVisible("#several-send"), false, "it cannot be pressed again");
  assertClean({ seen: { ...chiara.seen, complaints: chiara.seen.complaints.filter((text) => !/409/.test(text)) } });

  for (const [one, expected] of [[written[0], words], [written[1], "Ha già risposto Amina."], [written[2], words]]) {
    assert.deepEqual([(await standing(one.case)).state, (await standing(one.case)).items], ["answered", 2], "one answer each");
    await reporter.openBox(one.page, { ...it, code: one.code });
    await one.page.waitForSelector("#items .item");
    assert.equal((await reporter.readBox(one.page)).at(-1).text, expected);
  }
  await chiara.page.goBack();
  await chiara.page.goto("/it/console/?state=answered");
  await operator.choose(chiara.page, { ...it, cases: [written[0].case], what: "wait" });
  await chiara.page.click("#several-send");
  assert.deepEqual(await operator.outcomes(chiara.page), { [written[0].case]: "done" });
  assert.equal((await standing(written[0].case)).state, "waiting");
});

test("closing several asks for a reason; a message that came meanwhile stays unopened, and its case open", async (t) => {
  const written = await reports(t, { slug: "mantova", door: "a", number: 2 });
  const { page } = await signedIn(t, "chiara.mantova");
  for (const one of written) {
    await operator.showCase(page, { ...it, caseId: one.case });
    await operator.open(page);
    await operator.acknowledge(page);
  }
  await page.goto("/it/console/?state=answered");
  await operator.choose(page, { ...it, cases: written.map((one) => one.case), what: "close" });
  await picture(page, "several-close");
  await page.fill("#close-note", "Chiusi insieme.");
  await page.click("#several-send");
  assert.equal(await page.innerText("#close-error"), await reporter.sentence(page, "reason"), "the reason is asked for at its field");
  assert.equal(await page.evaluate(() => document.activeElement.id), "close-reason");
  assert.equal(await page.inputValue("#close-note"), "Chiusi insieme.");

  // She writes to one of them while the page is open.
  await reporter.openBox(written[0].page, { ...it, code: written[0].code });
  await written[0].page.waitForSelector("#items .item");
  await reporter.addMessage(written[0].page, "Aspettate, c'è dell'altro.");
  assert.equal((await standing(written[0].case)).state, "arrived");

  await page.selectOption("#close-reason", "helped");
  await page.press("#close-reason", "Enter");
  await page.click("#several-send");
  assert.deepEqual(await operator.outcomes(page), { [written[0].case]: "changed", [written[1].case]: "done" });
  const left = await standing(written[0].case);
  assert.deepEqual([left.state, left.notes], ["arrived", 0], "what nobody has read still waits to be opened");
  assert.deepEqual([(await standing(written[1].case)).state, (await standing(written[1].case)).notes], ["closed", 1]);
});

test("when the line or the session breaks half way, each case says what became of it, and nothing is half done", async (t) => {
  const written = await reports(t, { slug: "mantova", door: "a", number: 3 });
  const { page, context } = await signedIn(t, "amina.mantova");
  await openAll(page, written);
  const cases = written.map((one) => one.case);
  await page.goto("/it/console/?state=opened");
  await operator.choose(page, { ...it, cases, what: "wait" });
  const order = await page.locator("#chosen > [data-case]").evaluateAll((lines) => lines.map((line) => line.dataset.case));
  await page.route(`**/console/reports/${order[1]}/wait`, (route) => route.abort());
  await page.click("#several-send");
  assert.deepEqual(await operator.outcomes(page), { [order[0]]: "done", [order[1]]: "failed", [order[2]]: "not-tried" });
  const line = page.locator(`#chosen > [data-case="${order[1]}"] [data-part=outcome]`);
  assert.ok((await line.innerText()).includes(await reporter.sentence(page, "network")), "it says why");
  assert.deepEqual(await Promise.all(order.map(async (one) => (await standing(one)).state)), ["waiting", "opened", "opened"]);

  // What is left is done from the inbox; now the session ends between two of them.
  await page.unroute(`**/console/reports/${order[1]}/wait`);
  await page.goto("/it/console/?state=opened");
  await operator.choose(page, { ...it, cases: order.slice(1), what: "close" });
  const again = await page.locator("#chosen > [data-case]").evaluateAll((lines) => lines.map((one) => one.dataset.case));
  await page.selectOption("#close-reason", "other");
  await page.fill("#close-note", "Una nota che resta.");
  await page.route(`**/console/reports/${again[0]}/items`, async (route) => {
    const response = await route.fetch();
    await context.clearCookies();
    await route.fulfill({ response });
  });
  await page.click("#several-send");
  assert.deepEqual(await operator.outcomes(page), { [again[0]]: "done", [again[1]]: "failed" });
  assert.ok((await page.innerText(`#chosen > [data-case="${again[1]}"]`)).includes(await reporter.sentence(page, "signed-out")));
  assert.equal(await page.inputValue("#close-note"), "Una nota che resta.", "what she typed is still there");
  assert.equal(await page.evaluate(() => sessionStorage.getItem("approdo")), null, "nothing of her identity is");
  assert.deepEqual(await Promise.all(again.map(async (one) => (await standing(one)).state)), ["closed", "opened"]);
});

test("what does not fit is left out and said; a choice of nothing is said too", async (t) => {
  const [one] = await reports(t, { slug: "pisa", door: "b", number: 1 });
  const { page } = await signedIn(t, "marta.pisa");
  await page.goto(`/it/console/several?do=acknowledge&case=${one.case}`);
  assert.equal(await page.locator("#several-send").count(), 0, "what nobody has opened is not answered");
  assert.ok((await page.innerText("main")).includes(one.case.slice(0, 8)), "and is named");
  await page.goto("/it/console/several?do=close");
  assert.ok(await page.isVisible("main p.notice"));
  assert.equal((await page.goto("/it/console/several?do=erase")).status(), 404);
  assert.deepEqual(await axe(page), []);
});
