// A colleague leaves (protocol section 4.3), and the next keys are made in a member's browser (section 4.1): nobody touches the machine.

import { test } from "node:test";
import assert from "node:assert/strict";
import { PHONE, look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** A centre for each language: who stays, who leaves. */
const CENTRES = { it: ["livorno", "elena.livorno", "grace.livorno"], en: ["mantova", "chiara.mantova", "amina.mantova"] };

/** The card of a channel, once the script has looked at its key. */
async function channel(page, language, name) {
  await page.goto(`/${language}/console/channels`);
  await page.waitForSelector("#channels[data-ready]");
  return page.locator(`#channels [data-channel=${name}]`);
}

for (const language of LANGUAGES) {
  const [slug, stays, leaves] = CENTRES[language];

  test(`a departure is signed, the channel closes, and its next key is made in the browser (${language})`, async (t) => {
    const found = [];
    const before = canary.sentence("Scritto prima della partenza.");
    const after = canary.sentence("Scritto dopo la partenza.");
    const desk = await here.visit(t, { language, viewport: PHONE });
    const leaver = await here.visit(t, { language });
    await operator.signIn(leaver.page, { language, account: here.server.account(leaves) });
    const her = await here.visit(t, { language });
    await reporter.walkToForm(her.page, { language, slug, door: "a" });
    await reporter.fill(her.page, { text: before });
    await reporter.confirm(her.page, await reporter.send(her.page));

    await operator.signIn(desk.page, { language, account: here.server.account(stays) });
    let card = await channel(desk.page, language, "safe");
    assert.ok(await card.locator("[data-part=opens]").isVisible());
    assert.equal(await card.locator("[data-part=make]").isVisible(), false, "a fresh key needs no next one");
    found.push(...(await look(desk.page, `${language}-channels`)));

    // Two steps: the page that says what follows, then the signature.
    await desk.page.goto(`/${language}/console/people`);
    const colleague = desk.page.locator("section.card", { has: desk.page.locator("dd", { hasText: leaves }) });
    await colleague.locator("[data-part=leave]").click();
    await desk.page.waitForSelector("#leave-send:not([disabled])");
    assert.ok(await desk.page.isVisible("#few"), "one reader is left, and what that means is said");
    found.push(...(await look(desk.page, `${language}-leave`)));
    await Promise.all([desk.page.waitForURL(/people\?said=left$/), desk.page.click("#leave-send")]);
    assert.equal(await colleague.count(), 0, "who left no longer works here");
    assert.ok(await desk.page.locator("#waits a[href$='/console/channels']").isVisible(), "every page says that a key is due");

    // She is out at once, on the page that she has open and for good.
    await leaver.page.goto(`/${language}/console/`);
    await leaver.page.waitForURL(/sign-in\?locked/);
    await leaver.page.waitForSelector("#fields:not([disabled])");
    await leaver.page.fill("#account", here.server.account(leaves).account);
    await leaver.page.fill("#passphrase", here.server.account(leaves).passphrase);
    await leaver.page.click("#enter");
    await leaver.page.waitForSelector("#errors:not([hidden])");

    // Until the next key nobody writes there; the page gives the phone.
    await her.page.goto(`/${language}/places/${slug}`);
    assert.equal(await her.page.locator(`a[href="/${language}/places/${slug}/a"]`).count(), 0);

    for (const name of ["safe", "general"]) {
      card = await channel(desk.page, language, name);
      if ((await card.count()) === 0) continue;
      if (name === "safe") found.push(...(await look(desk.page, `${language}-channels-due`)));
      await Promise.all([desk.page.waitForURL(/channels\?said=made$/), card.locator("[data-part=make] button").click()]);
      await desk.page.waitForSelector("#channels[data-ready]");
      assert.equal(await card.locator("[data-part=make]").isVisible(), false);
      assert.ok(await card.locator("[data-part=kept]").isVisible(), "why older copies are still here");
    }
    assert.equal(await desk.page.locator("#waits a[href$='/console/channels']").count(), 0);

    // What is written now is sealed to the new key, and both messages open for who stays.
    await reporter.walkToForm(her.page, { language, slug, door: "a" });
    await reporter.fill(her.page, { text: after });
    await reporter.confirm(her.page, await reporter.send(her.page));
    await desk.page.goto(`/${language}/console/`);
    const texts = [];
    for (const line of (await operator.readInbox(desk.page)).filter(({ state }) => state === "arrived")) {
      await operator.showCase(desk.page, { language, caseId: line.case });
      texts.push((await operator.open(desk.page))[0].text);
    }
    assert.deepEqual(texts.sort(), [before, after].sort());
    assert.deepEqual(found, []);
    for (const one of [desk, her]) assertClean(one);
    canary.assertNowhere(await here.server.written(), [before, after, here.server.account(stays).passphrase]);
  });
}

test("a page that was opened before a colleague made the key makes none", async (t) => {
  const [, stays] = CENTRES.it;
  const { page } = await here.visit(t, { language: "en" });
  await operator.signIn(page, { language: "en", account: here.server.account(stays) });
  const card = await channel(page, "en", "safe");
  await card.locator("[data-part=make]").evaluate((form) => form.removeAttribute("hidden"));
  await Promise.all([page.waitForURL(/channels\?refused=changed$/), card.locator("[data-part=make] button").click()]);
  assert.ok(await page.isVisible("#refused"), "the core looks at the chain anew, and signs nothing");
});
