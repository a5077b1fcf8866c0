// A full inbox: whose turn it is, page after page, what can be looked for, and what is said when nothing is found.

import { test } from "node:test";
import assert from "node:assert/strict";
import { axe, picture, visitor } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { blob, copies, dayBack, sql, weekBack } from "../lib/store.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const PAGE = 25;
/** A report that truly arrived, of which the others are copies. */
let first;

const here = stage({ prepare: fill });

async function fill({ browser, server }) {
  const her = await visitor(browser, { origin: server.origin });
  await her.page.goto("/it/places/livorno/b");
  await reporter.formReady(her.page);
  await reporter.fill(her.page, { text: canary.sentence("Il primo di molti.") });
  await reporter.send(her.page);
  await her.context.close();
  const [row] = await sql(server, "SELECT lower(hex(id)) AS id FROM report");
  first = row.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const weeks = `CASE i % 5 WHEN 0 THEN '${weekBack(2)}' WHEN 1 THEN '${weekBack(3)}' WHEN 2 THEN '${weekBack(4)}' WHEN 3 THEN '${weekBack(5)}' ELSE '${weekBack(9)}' END`;
  await copies(server, { of: first, number: 60, columns: { week: weeks, arrived_on: "NULL" } });
  await copies(server, { of: first, number: 7, columns: { week: weeks, arrived_on: "NULL", urgent: "1" } });
  await copies(server, { of: first, number: 40, columns: { week: weeks, arrived_on: "NULL", state: "'answered'", opened: "1", answered: "1" } });
  await copies(server, { of: first, number: 4, columns: { week: weeks, arrived_on: "NULL", state: "'waiting'", opened: "1", answered: "1", urgent: "i = 1" } });
}

/** An operator with what waits to be opened before her. */
async function signedIn(t, options = {}) {
  const one = await here.visit(t, options);
  await operator.signIn(one.page, { language: "it", account: here.server.account("elena.livorno") });
  return one;
}

/** Follows a link with the keyboard alone. */
async function press(page, selector) {
  const address = new URL(await page.getAttribute(selector, "href"), page.url());
  await page.focus(selector);
  await Promise.all([page.waitForURL((url) => url.href === address.href), page.keyboard.press("Enter")]);
}

/** The stored rows of these lines, in the order of the lines. */
async function stored(lines) {
  const rows = await sql(here.server, "SELECT lower(hex(id)) AS id, week, urgent, state, arrived_on FROM report");
  const found = new Map(rows.map((row) => [row.id, row]));
  return lines.map((line) => found.get(line.case.replaceAll("-", "")));
}

test("what waits longest comes first, urgent before all; page after page shows each once, whatever arrives meanwhile", async (t) => {
  const { page, seen } = await signedIn(t);
  assert.equal(new URL(page.url()).search, "?state=arrived", "signing in leads to what waits to be opened");
  const pages = [await operator.readInbox(page)];
  assert.equal(pages[0].length, PAGE);
  // While she reads the first page an urgent one arrives, which belongs there.
  await copies(here.server, { of: first, number: 1, columns: { urgent: "1", arrived_on: `'${dayBack(0)}'` } });
  while (await page.locator("#next-page").count()) {
    await press(page, "#next-page");
    pages.push(await operator.readInbox(page));
  }
  const lines = pages.flat();
  assert.deepEqual(pages.map(({ length }) => length), [PAGE, PAGE, 18]);
  assert.equal(new Set(lines.map((line) => line.case)).size, 68, "each of those that were there once, the new one not in between");
  const keys = (await stored(lines)).map(({ urgent, week }) => `${urgent === 1 ? 0 : 1} ${week}`);
  assert.deepEqual(keys, [...keys].sort(), "urgent first, then the oldest week");

  await page.goBack();
  assert.deepEqual(await operator.readInbox(page), pages[1], "Back shows the second page as it was");
  await press(page, "#first-page");
  const again = await operator.readInbox(page);
  assert.equal(again[7].case, await newest(true), "at the beginning the new one stands behind the urgent ones that waited longer");
  assert.deepEqual([...again.slice(0, 7), ...again.slice(8)], pages[0].slice(0, -1), "and nothing else has moved");
  assertClean({ seen });
});

/** The case whose day of arrival is today. */
async function newest(urgent) {
  const [row] = await sql(here.server, `SELECT lower(hex(id)) AS id FROM report WHERE arrived_on = '${dayBack(0)}' AND urgent = ${urgent ? 1 : 0}`);
  return row.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

test("within a week who has waited for more days comes first, and who waits longer than promised is marked", async (t) => {
  const { page } = await signedIn(t);
  // Three of the same week, as if it were Sunday; the ids say nothing about the order.
  const week = weekBack(1);
  for (const [days, urgent] of [[1, 0], [6, 0], [3, 0]]) {
    await copies(here.server, { of: first, number: 2, columns: { week: `'${week}'`, arrived_on: `'${dayBack(days)}'`, urgent: String(urgent) } });
  }
  await page.goto(`/it/console/?state=arrived&week=${week}`);
  const lines = await operator.readInbox(page);
  assert.deepEqual((await stored(lines)).map((row) => row.arrived_on), [6, 6, 3, 3, 1, 1].map((days) => dayBack(days)));
  const overdue = await page.locator("#inbox > [data-case]").evaluateAll((rows) => rows.map((row) => row.querySelector(".overdue") !== null));
  assert.equal(overdue[0], true, "six days are longer than this centre promises");
  assert.equal(overdue.at(-1), false, "one day is not");
  await sql(here.server, `DELETE FROM report WHERE week = '${week}'`);
});

test("looking for a week, for urgent ones and for a state, with the keyboard alone; Back leads back", async (t) => {
  const { page, seen } = await signedIn(t);
  await page.focus('nav.states a[href$="?state=answered"]');
  await Promise.all([page.waitForURL(/state=answered/), page.keyboard.press("Enter")]);
  assert.ok((await operator.readInbox(page)).every(({ state }) => state === "answered"));
  assert.equal(await page.getAttribute("nav.states [aria-current=page]", "href"), "/it/console/?state=answered");

  await page.focus("details.search summary");
  await page.keyboard.press("Enter");
  await page.focus("#search-week");
  await page.selectOption("#search-week", weekBack(9));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search-urgent");
  await page.keyboard.press("Tab");
  await Promise.all([page.waitForURL(/week=/), page.keyboard.press("Enter")]);
  const narrow = await operator.readInbox(page);
  assert.equal(narrow.length, 8);
  assert.ok((await stored(narrow)).every((row) => row.week === weekBack(9) && row.state === "answered"));
  assert.equal(await page.inputValue("#search-week"), weekBack(9), "what was chosen stays chosen");
  assert.ok(await page.isVisible("#search-week"), "and in sight: no filter hides cases unseen");

  await page.check("#search-urgent");
  await Promise.all([page.waitForURL(/urgent=1/), page.press("#search-urgent", "Enter")]);
  assert.deepEqual(await operator.readInbox(page), []);
  assert.ok(await page.isVisible("main p.notice"), "nothing found is said");
  await Promise.all([page.waitForURL((url) => url.search === "?state=answered"), page.click("details.search a.go")]);
  await page.goBack();
  await page.goBack();
  assert.deepEqual((await operator.readInbox(page)).length, 8, "Back shows the list before");
  assertClean({ seen });
});

test("a number, however it was copied, leads to its case; one that finds nothing is said at the field and stays there", async (t) => {
  const { page } = await signedIn(t);
  const short = first.slice(0, 8);
  for (const typed of [short, ` ${short.toUpperCase()} `, `${short.slice(0, 4)} ${short.slice(4)}`, first]) {
    await page.goto("/it/console/?state=waiting");
    await page.click("details.search summary");
    await page.fill("#search-case", typed);
    await Promise.all([page.waitForURL((url) => url.pathname === `/it/console/reports/${first}`), page.press("#search-case", "Enter")]);
  }
  const said = [];
  for (const typed of ["0000aaaa", "pippo"]) {
    await page.goto("/it/console/");
    await page.click("details.search summary");
    await page.fill("#search-case", typed);
    await Promise.all([page.waitForURL(/case=/), page.press("#search-case", "Enter")]);
    assert.equal(await page.inputValue("#search-case"), typed, "what was typed stays");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search-case", "and can be corrected at once");
    assert.equal(await page.getAttribute("#search-case", "aria-invalid"), "true");
    assert.match(await page.getAttribute("#search-case", "aria-describedby"), /search-case-none/);
    said.push(await page.innerText("#search-case-none"));
  }
  assert.notEqual(said[0], said[1], "a number without a case and what is no number are told apart");
  assert.ok(said[0].includes("0000aaaa"));
  assert.deepEqual(await axe(page), []);
});

test("a week that is none is said at the field, and every week is shown", async (t) => {
  const { page } = await signedIn(t);
  for (const week of ["2026-W54", "domani", "<b>x"]) {
    await page.goto(`/it/console/?state=waiting&week=${encodeURIComponent(week)}`);
    assert.equal((await operator.readInbox(page)).length, 4);
    assert.ok((await page.innerText("#search-week-none")).includes(week));
    assert.equal(await page.getAttribute("#search-week", "aria-invalid"), "true");
  }
  await page.goto("/it/console/?state=secret&urgent=yes&page=u.x.y");
  assert.equal((await operator.readInbox(page)).length, PAGE, "the rest of an address that does not read is left out");
});

test("a page of the list holds, light and dark, on a phone and on a desk, and without JavaScript", async (t) => {
  for (const dark of [false, true]) {
    const one = await signedIn(t, { dark });
    await one.page.goto("/it/console/");
    await picture(one.page, `inbox-full-${dark ? "dark" : "light"}`);
    assert.deepEqual(await axe(one.page), []);
    await one.page.click("details.search summary");
    await picture(one.page, `inbox-search-${dark ? "dark" : "light"}`);
    assert.deepEqual(await axe(one.page), []);
    if (dark) continue;
    const plain = await here.visit(t, { script: false });
    await plain.context.addCookies(await one.context.cookies());
    await plain.page.goto("/it/console/?state=answered");
    await plain.page.click("#next-page");
    assert.equal((await plain.page.locator("#inbox > [data-case]").count()), 15);
    await plain.page.goto(`/it/console/?case=${first.slice(0, 8)}`);
    assert.equal(new URL(plain.page.url()).pathname, `/it/console/reports/${first}`);
  }
});

test("a case of another centre is not found, nor told apart from none", async (t) => {
  const { page } = await here.visit(t);
  await operator.signIn(page, { language: "it", account: here.server.account("marta.pisa") });
  const said = [];
  for (const typed of [first.slice(0, 8), "0000aaaa"]) {
    await page.goto(`/it/console/?case=${typed}`);
    said.push((await page.innerText("#search-case-none")).replace(typed, "X"));
  }
  assert.equal(said[0], said[1]);
  assert.equal((await sql(here.server, `SELECT count(*) AS n FROM report WHERE id = ${blob(first)}`))[0].n, 1);
});
