// Withdrawing everything: before an answer and after one, the same for every code, and taken back by two members for a while at her
// request, by nobody after a right word (protocol section 7.4).

import { test } from "node:test";
import assert from "node:assert/strict";
import { look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import { NOBODY, boxOf, readLives, sentence, sign, story } from "../lib/lives.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();
const secrets = [];

for (const language of LANGUAGES) {
  test(`withdrawn before any answer, and taken back by two members (${language})`, async (t) => {
    const found = [];
    const all = await story(here, t, language, { secrets, word: canary.sentence("lanterna"), answered: false });
    const { page, code, said, answer, desks, her } = all;
    await reporter.openBox(page, { language, code: code.code });
    assert.equal(await page.isVisible("#withdraw-word"), false, "before an answer there is nobody to seal a word to");
    await page.click("#to-withdraw");
    found.push(...(await look(page, `${language}-withdraw`)));
    await page.fill("#withdraw-confirm", code.code.endsWith("0000") ? "1111" : "0000");
    await page.click("#withdraw-send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "last-group"));
    assert.deepEqual(await reporter.refused(page, "#withdraw-confirm"), reporter.AT_THE_FIELD);
    await page.fill("#withdraw-confirm", code.groups.at(-1));
    await page.click("#withdraw-send");
    await page.waitForSelector("#step-withdrawn:not([hidden])");
    found.push(...(await look(page, `${language}-withdrawn`)));
    assertClean(her);

    const lives = await readLives(all, desks[0]);
    assert.equal(lives.withdrawn, await sentence(desks[0].page, "burn-word-none-sent"));
    assert.equal(lives.undos, 1);
    await sign(all, desks[0]);
    await sign(all, desks[1]);
    assert.deepEqual((await operator.conversation(desks[1].page)).map(({ text }) => text), [said]);
    await operator.answer(desks[1].page, answer);
    assert.ok((await boxOf(here, t, language, code.code)).items.some(({ text }) => text === answer), "her code leads there again");
    assert.deepEqual(found, []);
  });

  test(`withdrawn after an answer: with another word two members can take it back, with the right one nobody (${language})`, async (t) => {
    const found = [];
    const word = canary.sentence("mulino");
    const all = await story(here, t, language, { secrets, word });
    const { page, code, answer, desks } = all;
    await reporter.openBox(page, { language, code: code.code });
    await page.click("#to-withdraw");
    found.push(...(await look(page, `${language}-withdraw-answered`)));
    await page.click("#withdraw-back");
    await reporter.withdraw(page, { code: code.code, safeWord: "forse" });
    const burned = await boxOf(here, t, language, code.code);
    assert.deepEqual([burned.isEmpty, burned.items], [true, []], "unknown at once");
    let lives = await readLives(all, desks[0]);
    assert.deepEqual([lives.withdrawn, lives.undos], [await sentence(desks[0].page, "burn-word-wrong"), 1]);
    await sign(all, desks[0]);
    await sign(all, desks[1]);
    assert.ok((await boxOf(here, t, language, code.code)).items.some(({ text }) => text === answer), "hers again");

    await reporter.openBox(page, { language, code: code.code });
    await reporter.withdraw(page, { code: code.code, safeWord: word });
    lives = await readLives(all, desks[0]);
    assert.deepEqual([lives.withdrawn, lives.undos, lives.isFinal], [await sentence(desks[0].page, "burn-word-right"), 0, true]);
    assert.deepEqual(found, []);
  });

  test(`withdrawing says and sends the same for a code that was never used (${language})`, async (t) => {
    const all = await story(here, t, language, { secrets, answered: false });
    const seen = [];
    for (const code of [all.code.code, NOBODY]) {
      const { page } = await here.visit(t, { language });
      await reporter.openBox(page, { language, code });
      const wire = [];
      page.on("response", async (response) => {
        const request = response.request();
        wire.push(Promise.all([request.url(), request.postDataBuffer()?.length ?? 0, response.status(), response.body().then(({ length }) => length)]));
      });
      await page.click("#to-withdraw");
      const screen = await page.locator("main").innerText();
      await page.fill("#withdraw-confirm", code.slice(-4));
      await page.click("#withdraw-send");
      await page.waitForSelector("#step-withdrawn:not([hidden])");
      seen.push({ screen, end: await page.locator("main").innerText(), wire: await Promise.all(wire) });
    }
    assert.deepEqual(seen[0], seen[1]);
    assert.ok(seen[0].wire.some(([url]) => url.endsWith("/mailbox/burn")));
  });
}

test("the texts promise no more than what holds", async (t) => {
  const holds = {
    it: [/dopo 14–21 giorni/, /più tardi se il servizio è rimasto fermo/, /letto resta letto/, /due persone del centro/, /legge/],
    en: [/after 14 to 21 days/, /later if the service stood still/, /cannot be unread/, /two people there/, /legal duty/],
  };
  for (const language of LANGUAGES) {
    const { page } = await here.visit(t, { language });
    await reporter.openBox(page, { language, code: NOBODY });
    await page.click("#to-withdraw");
    const said = await page.locator("#step-withdraw").innerText();
    for (const limit of holds[language]) assert.match(said, limit);
  }
});

test("no word, code or sentence stands in database, side files or log", async () => {
  canary.assertNowhere(await here.server.written(), secrets);
});
