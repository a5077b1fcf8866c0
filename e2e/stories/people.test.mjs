// Who works at a centre and as what: the first administrator is named on the machine, the rest is done in the console (docs/roles.md).

import { test } from "node:test";
import assert from "node:assert/strict";
import { PHONE, look } from "../lib/browser.mjs";
import * as operator from "../lib/operator.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** Two colleagues of a centre: who administers, and whose roles change. */
const COLLEAGUES = { it: ["elena.livorno", "grace.livorno"], en: ["chiara.mantova", "amina.mantova"] };

/** The part of the page that speaks of an account. */
function part(page, account) {
  return page.locator("section.card", { has: page.locator("dd", { hasText: account }) });
}

/** Ticks exactly these roles of a colleague and saves. */
async function giveRoles(page, account, roles) {
  const section = part(page, account);
  await section.locator("summary").click();
  for (const box of await section.locator("input[type=checkbox]").all()) {
    await box.setChecked(roles.includes(await box.getAttribute("name")));
  }
  await Promise.all([page.waitForURL(/[?&](said|refused)=/), section.locator("form[action$='/roles'] button").click()]);
}

async function signInSomewhere(page, { language, account }) {
  await page.goto(`/${language}/console/sign-in`);
  await page.waitForSelector("#fields:not([disabled])");
  await page.fill("#account", account.account);
  await page.fill("#passphrase", account.passphrase);
  await page.click("#enter");
}

for (const language of LANGUAGES) {
  const [first, second] = COLLEAGUES[language];

  test(`who administers says what a colleague does, keeps her out and lets her in again (${language})`, async (t) => {
    const told = await here.server.command(["roles", "give", first, "administrator"]);
    assert.equal(told.code, 0, told.said);
    assert.match(told.said, new RegExp(`${first} is now: operator, administrator`));
    const found = [];
    const admin = await here.visit(t, { language, viewport: PHONE });
    await operator.signIn(admin.page, { language, account: here.server.account(first) });
    const colleague = await here.visit(t, { language });
    await operator.signIn(colleague.page, { language, account: here.server.account(second) });

    await admin.page.click(`nav a[href="/${language}/console/people"]`);
    await part(admin.page, second).locator("summary").click();
    found.push(...(await look(admin.page, `${language}-people`)));
    assert.equal(await part(admin.page, first).locator("form").count(), 0, "nobody changes her own roles");
    await admin.page.reload();

    await giveRoles(admin.page, second, []);
    assert.ok(await admin.page.isVisible("#refused"), "somebody without a role belongs to no centre, and that is said");
    await giveRoles(admin.page, second, ["administrator"]);
    assert.ok(await admin.page.isVisible("#said"));

    // Her session has ended; signed in again she has no inbox, and lands where she has something to do.
    await colleague.page.goto(`/${language}/console/`);
    await colleague.page.waitForURL(/sign-in\?locked/);
    await signInSomewhere(colleague.page, { language, account: here.server.account(second) });
    await colleague.page.waitForURL(`**/${language}/console/people`);
    assert.equal(await colleague.page.locator(`nav a[href="/${language}/console/keeping"]`).count(), 0);
    assert.equal((await colleague.page.goto(`/${language}/console/keeping`)).status(), 404);

    await part(admin.page, second).locator("summary").click();
    await Promise.all([admin.page.waitForURL(/said=suspended/), part(admin.page, second).locator("form[action$='/suspend'] button").click()]);
    found.push(...(await look(admin.page, `${language}-people-suspended`)));
    assert.equal(await admin.page.locator("#unread").count(), 0, "who administers still reads");
    await colleague.page.goto(`/${language}/console/people`);
    await colleague.page.waitForURL(/sign-in\?locked/);
    await signInSomewhere(colleague.page, { language, account: here.server.account(second) });
    await colleague.page.waitForSelector("#errors:not([hidden])");

    await part(admin.page, second).locator("summary").click();
    await Promise.all([admin.page.waitForURL(/said=returned/), part(admin.page, second).locator("form[action$='/return'] button").click()]);
    await giveRoles(admin.page, second, ["operator"]);
    const again = await here.visit(t, { language });
    await operator.signIn(again.page, { language, account: here.server.account(second) });

    await admin.page.click(`footer a[href="/${language}/console/sessions"]`);
    assert.match((await admin.page.locator("#sessions li").innerText()).replace(/[\u2068\u2069]/g, ""), /\d{1,2}:\d\d, .* (\d+ minuti|\d+ minutes|un minuto|one minute)/);
    found.push(...(await look(admin.page, `${language}-sessions`)));
    assert.deepEqual(found, []);
    assertClean(admin);
  });
}

test("the page of people works without JavaScript and by keyboard", async (t) => {
  const { page, context } = await here.visit(t);
  await here.server.command(["roles", "give", "elena.livorno", "administrator"]);
  await operator.signIn(page, { language: "it", account: here.server.account("elena.livorno") });
  const plain = await here.visit(t, { script: false });
  await plain.context.addCookies(await context.cookies());
  await plain.page.goto("/it/console/people");
  await part(plain.page, "grace.livorno").locator("summary").focus();
  await plain.page.keyboard.press("Enter");
  await part(plain.page, "grace.livorno").locator("input[name=auditor]").focus();
  await plain.page.keyboard.press("Space");
  await part(plain.page, "grace.livorno").locator("form[action$='/roles'] button").focus();
  await Promise.all([plain.page.waitForURL(/said=saved/), plain.page.keyboard.press("Enter")]);
  assert.match(await part(plain.page, "grace.livorno").locator("[data-part=roles]").innerText(), /·/);
});
