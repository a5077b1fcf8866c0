// The audit log as people meet it: she sees with her code who opened what she wrote, and reads a sentence where the list does not fit; an
// auditor reads the log of the centre without a script (protocol sections 9 and 12.11).

import { test } from "node:test";
import assert from "node:assert/strict";
import { axe, look, picture } from "../lib/browser.mjs";
import { NOBODY, sentence, story } from "../lib/lives.mjs";
import { actsOf, proved, put, unproved } from "../lib/openings.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { blob, sql } from "../lib/store.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** What the page says about the list. */
async function shown(page) {
  await page.click("#to-openings");
  await page.waitForSelector("#openings:not([hidden])");
  return {
    acts: await page
      .locator("#acts .item")
      .evaluateAll((lines) => lines.map((line) => ["kind", "who", "week", "waits"].map((name) => line.querySelector(`[data-part=${name}]`)?.textContent.trim() ?? null))),
    altered: await page.isVisible("#acts-altered"),
    missing: await page.isVisible("#acts-missing"),
    hold: await page.isVisible("#acts-hold"),
  };
}

for (const language of LANGUAGES) {
  test(`she sees who opened what she wrote, and a sentence where the list was altered or leaves something out (${language})`, async (t) => {
    const { page, code, caseId, her } = await story(here, t, language, { secrets: [] });
    // Any other code: there is nothing to press.
    await reporter.openBox(page, { language, code: NOBODY });
    assert.equal(await page.isVisible("#to-openings"), false);
    await reporter.openBox(page, { language, code: code.code });
    const honest = await shown(page);
    const [member] = await sql(here.server, `SELECT p.name FROM audit_opening o JOIN person p ON p.id = o.actor WHERE o.object = ${blob(caseId)} LIMIT 1`);
    assert.deepEqual(honest.acts.map(([kind]) => kind).sort(), [await sentence(page, "act-answered"), await sentence(page, "act-opened")].sort());
    assert.ok(honest.acts.every(([, who, week, waits]) => who === member.name && week !== "" && waits !== null), JSON.stringify(honest.acts));
    assert.deepEqual([honest.altered, honest.missing, honest.hold], [false, false, false]);
    assert.deepEqual(await look(page, `${language}-openings`), []);
    assertClean(her);

    // A server that answers otherwise: `answer` makes of the honest acts what it likes.
    let answer;
    await page.route("**/mailbox/openings", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: answer(actsOf(await response.body())) });
    });
    const swapped = (act) => {
      const other = Buffer.from(act);
      other.writeUInt8(other.readUInt8(10) ^ 1, 10);
      return other;
    };
    for (const [name, make, expected] of [
      ["the week is over", (acts) => ((all) => put(acts, all.checkpoint, all.ends))(proved(acts, caseId)), { altered: false, missing: false }],
      ["another person", (acts) => ((all) => put([swapped(acts[0]), ...acts.slice(1)], all.checkpoint, all.ends))(proved(acts, caseId)), { altered: true, missing: false }],
      ["another root", (acts) => ((all) => put(acts, swapped(all.checkpoint.fill(1, 15, 16)), all.ends))(proved(acts, caseId)), { altered: true, missing: false }],
      ["an act is left out", (acts) => unproved(acts.slice(1)), { altered: false, missing: true }],
      ["noise", () => Buffer.alloc(36_864, 7), { altered: true, missing: false }],
    ]) {
      answer = make;
      const told = await shown(page);
      assert.deepEqual({ altered: told.altered, missing: told.missing }, expected, name);
      assert.equal(told.hold, name === "the week is over", `${name}: nothing is said to hold that was not compared`);
      if (name === "the week is over") assert.ok(told.acts.every(([, , , waits]) => waits === null));
    }
    await picture(page, `${language}-openings-altered`);
    assert.deepEqual(await axe(page), []);
    await page.click("#close-box");
    assert.equal(await page.locator("#acts .item").count(), 0, "nothing of it stays on the page");
  });

  test(`an auditor reads, filters and takes the log along without a script; nobody else finds it (${language})`, async (t) => {
    const { desks, caseId } = await story(here, t, language, { secrets: [] });
    const [desk] = desks;
    const refused = await desk.page.goto(`/${language}/console/audit`);
    assert.equal(refused.status(), 404);
    await sql(
      here.server,
      `INSERT OR IGNORE INTO role SELECT person_id, centre_id, 'auditor' FROM role WHERE name = 'operator' AND centre_id = (SELECT centre_id FROM report WHERE id = ${blob(caseId)})`,
    );
    const cookies = await desk.context.cookies();
    const { page, context, seen } = await here.visit(t, { language, script: false });
    await context.addCookies(cookies);
    await page.goto(`/${language}/console/audit`);
    const reference = caseId.slice(0, 8);
    const lines = () => page.locator("#acts li").allInnerTexts();
    const all = await lines();
    assert.ok(all.some((line) => line.includes(reference)));
    assert.equal((await page.content()).includes(caseId), false, "the number of a case, not its id");
    await page.click("details.search summary");
    await page.selectOption("#audit-kind", "opened");
    await operator.submit(page, "details.search form");
    const some = await lines();
    assert.ok(some.length > 0 && some.length < all.length);
    await page.fill("#audit-week", "ieri");
    await operator.submit(page, "details.search form");
    assert.ok(await page.isVisible("#audit-week-wrong"));
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export-csv")]);
    assert.equal(download.suggestedFilename(), "audit.csv");
    assert.deepEqual(seen.violations, []);
    await desk.page.goto(`/${language}/console/audit`);
    assert.deepEqual(await look(desk.page, `${language}-audit`), []);
  });
}
