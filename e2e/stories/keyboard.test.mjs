// The whole journey with the keyboard alone: every control can be reached with Tab, is seen to be reached, and works with Enter and Space.

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** Presses Tab until the element has the focus; it must be visible then, with an outline or another sign of focus. */
async function tabTo(page, selector) {
  await page.waitForSelector(selector, { state: "visible" });
  for (let presses = 0; presses < 120; presses += 1) {
    const there = await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
    if (there) {
      const sign = await page.evaluate(() => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
        return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      });
      assert.ok(sign, `${selector} shows that it has the focus`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${selector}`);
}

/** Reaches a link and follows it with Enter. */
async function enter(page, address) {
  await tabTo(page, `a[href="${address}"]`);
  await Promise.all([page.waitForURL((url) => url.pathname === address), page.keyboard.press("Enter")]);
  await page.waitForLoadState("domcontentloaded");
}

/** Types into a field that Tab has reached. */
async function type(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.insertText(text);
}

async function press(page, selector, key = "Enter") {
  await tabTo(page, selector);
  await page.keyboard.press(key);
}

for (const language of LANGUAGES) {
  test(`from the safety page to the answer without a mouse (${language})`, async (t) => {
    // A centre for each language: no inbox holds what the other story left.
    const [slug, name] = language === "it" ? ["livorno", "elena.livorno"] : ["mantova", "chiara.mantova"];
    const text = canary.sentence("Scritto con la tastiera.");
    const her = await here.visit(t, { language });
    await her.page.goto(`/${language}/first`);
    await enter(her.page, `/${language}/places`);
    await enter(her.page, `/${language}/places/${slug}`);
    await enter(her.page, `/${language}/places/${slug}/a`);
    await reporter.formReady(her.page);
    await type(her.page, "#text", text);
    await type(her.page, "#safe-contact", "con un biglietto");
    await press(her.page, "#urgent", "Space");
    assert.ok(await her.page.isChecked("#urgent"));
    await press(her.page, "#send");
    await her.page.waitForSelector("#step-code:not([hidden])");
    assert.equal(await her.page.evaluate(() => document.activeElement.id), "step-code", "the focus follows the step");
    const code = await reporter.readCode(her.page);
    await type(her.page, "#last-group", code.groups[4]);
    await her.page.keyboard.press("Enter");
    await her.page.waitForSelector("#step-done:not([hidden])");
    assertClean(her);

    const account = here.server.account(name);
    const centre = await here.visit(t, { language });
    await centre.page.goto(`/${language}/console/sign-in`);
    await centre.page.waitForSelector("#fields:not([disabled])");
    await type(centre.page, "#account", account.account);
    await type(centre.page, "#passphrase", account.passphrase);
    await Promise.all([centre.page.waitForURL((url) => url.pathname === `/${language}/console/`), centre.page.keyboard.press("Enter")]);
    const line = (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived");
    await enter(centre.page, line.address);
    await centre.page.waitForSelector("#open:not([disabled])");
    await press(centre.page, "#open");
    await centre.page.waitForSelector("#opened:not([hidden])");
    assert.equal((await operator.conversation(centre.page))[0].text, text);
    await type(centre.page, "#answer-text", "Letto, a presto.");
    await press(centre.page, "#answer-send", "Space");
    await centre.page.waitForSelector("#sent:not([hidden])");
    assertClean(centre);

    await her.page.goto(`/${language}/box`);
    await reporter.formReady(her.page);
    await type(her.page, "#code", code.code);
    await her.page.keyboard.press("Enter");
    await her.page.waitForSelector("#step-box:not([hidden])");
    assert.equal(await her.page.evaluate(() => document.activeElement.id), "step-box");
    assert.equal((await reporter.readBox(her.page)).at(-1).text, "Letto, a presto.");
    await type(her.page, "#message-text", "Grazie");
    await press(her.page, "#message-send");
    await her.page.waitForSelector("#message-sent:not([hidden])");
    assertClean(her);
  });
}
