// The safe word and the code: changing it, what the centre sees when the word is missing or another one, and how two members give the old
// code back at her request (protocol section 7.4).

import { test } from "node:test";
import assert from "node:assert/strict";
import { look } from "../lib/browser.mjs";
import * as canary from "../lib/canaries.mjs";
import { NOBODY, boxOf, readLives, sentence, sign, story } from "../lib/lives.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();
const secrets = [];

for (const language of LANGUAGES) {
  test(`a new code with the right word opens the answers, the old one is like any other, and it stays so (${language})`, async (t) => {
    const found = [];
    const word = canary.sentence("girasole");
    const all = await story(here, t, language, { secrets, word });
    const { page, her, code, answer, said, desks } = all;
    await reporter.openBox(page, { language, code: code.code });
    found.push(...(await look(page, `${language}-box-answered`)));
    await page.click("#to-change");
    found.push(...(await look(page, `${language}-change`)));
    await page.fill("#change-word", word);
    await page.click("#change-send");
    await page.waitForSelector("#step-code:not([hidden])");
    const fresh = await reporter.readCode(page);
    secrets.push(...canary.codeForms(fresh));
    assert.notEqual(fresh.code, code.code);
    found.push(...(await look(page, `${language}-change-code`)));
    await reporter.confirm(page, fresh, "step-changed");
    found.push(...(await look(page, `${language}-changed`)));
    assert.equal((await page.content()).includes(fresh.code), false, "the code is wiped from the page");

    const next = await boxOf(here, t, language, fresh.code);
    assert.deepEqual(next.items.filter(({ text }) => text === answer).length, 1, "the new code opens the answer");
    assert.equal(next.items.some(({ text }) => text?.includes(said)), false, "and nothing that she wrote");
    const old = await boxOf(here, t, language, code.code);
    const nobody = await boxOf(here, t, language, NOBODY);
    assert.deepEqual([old.isEmpty, old.items], [true, []]);
    const without = (screen) => screen.split("\n").filter((line) => !/^\S+ · \S+$/.test(line)).join("\n");
    assert.equal(without(old.screen), without(nobody.screen), "the old code is like any other");

    // With the new code she goes on, and the centre sees that it was she.
    await reporter.addMessage(next.page, canary.sentence("Con il codice nuovo."));
    const lives = await readLives(all, desks[0]);
    assert.equal(lives.words.includes("right"), true);
    assert.deepEqual([lives.isFinal, lives.undos], [true, 0], "after a right word nobody takes it back");
    assert.deepEqual(found, []);
    assertClean(her);
  });

  test(`somebody who found the code takes another one without the word: the centre sees it, and two members give hers back (${language})`, async (t) => {
    const found = [];
    const word = canary.sentence("conchiglia");
    const all = await story(here, t, language, { secrets, word });
    const { page, code, answer, desks } = all;
    const finder = await here.visit(t, { language });
    await reporter.openBox(finder.page, { language, code: code.code });
    const stolen = await reporter.changeCode(finder.page);
    assert.equal((await boxOf(here, t, language, code.code)).isEmpty, true, "she finds nothing any more");

    let lives = await readLives(all, desks[0]);
    assert.deepEqual([lives.words.at(-1), lives.isFinal, lives.undos], ["missing", false, 1]);
    assert.equal(lives.now, await sentence(desks[0].page, "word-now-missing"));
    await sign(all, desks[0]);
    assert.equal((await boxOf(here, t, language, code.code)).isEmpty, true, "one member alone changes nothing");
    lives = await readLives(all, desks[0]);
    assert.equal(lives.undos, 0, "nor does the same member twice");
    await sign(all, desks[1]);

    await reporter.openBox(page, { language, code: code.code });
    assert.ok((await reporter.readBox(page)).some(({ text }) => text === answer));
    assert.ok(await page.isVisible("#replaced"), "she is told that another code stood in its place");
    found.push(...(await look(page, `${language}-box-replaced`)));
    assert.equal((await boxOf(here, t, language, stolen.code)).isEmpty, true, "the finder's code is like any other");
    await reporter.addMessage(page, canary.sentence("Sono io."), { safeWord: word });
    assert.equal((await readLives(all, desks[1])).words.at(-1), "right");
    assert.deepEqual(found, []);
  });

  test(`a message with another word, and with none: both are shown beside the answer (${language})`, async (t) => {
    const all = await story(here, t, language, { secrets, word: canary.sentence("timone") });
    const { page, code, desks } = all;
    await reporter.openBox(page, { language, code: code.code });
    await reporter.addMessage(page, canary.sentence("Prima."), { safeWord: "ancora" });
    let lives = await readLives(all, desks[0]);
    assert.deepEqual([lives.words.at(-1), lives.now], ["wrong", await sentence(desks[0].page, "word-now-wrong")]);
    await reporter.addMessage(page, canary.sentence("Seconda."));
    lives = await readLives(all, desks[0]);
    assert.deepEqual([lives.words.at(-1), lives.now], ["missing", await sentence(desks[0].page, "word-now-missing")]);
  });

  test(`the answer to a change is lost: the same change is sent again, and the new code is shown (${language})`, async (t) => {
    const all = await story(here, t, language, { secrets, word: canary.sentence("sabbia") });
    const { page, code, answer } = all;
    await reporter.openBox(page, { language, code: code.code });
    const bodies = [];
    await page.route("**/mailbox/messages", async (route) => {
      bodies.push(route.request().postDataBuffer().toString("base64"));
      if (bodies.length > 1) return route.continue();
      await route.fetch();
      return route.abort("connectionreset");
    });
    await page.click("#to-change");
    await page.click("#change-send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "change-open"));
    await page.click("#change-send");
    await page.waitForSelector("#step-code:not([hidden])");
    assert.equal(new Set(bodies).size, 1, "the very same bytes");
    const fresh = await reporter.readCode(page);
    assert.ok((await boxOf(here, t, language, fresh.code)).items.some(({ text }) => text === answer));
  });
}

test("no word, code or sentence stands in database, side files or log", async () => {
  canary.assertNowhere(await here.server.written(), secrets);
});
