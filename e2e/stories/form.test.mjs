// What a form does with what cannot be sent: the sentence stands at the field, what was typed stays, and nobody loses words by a link.

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

const { AT_THE_FIELD, refused } = reporter;

for (const language of LANGUAGES) {
  test(`the sentence stands at the field, and what was typed stays (${language})`, async (t) => {
    const her = await here.visit(t, { language });
    const { page } = her;
    await reporter.walkToForm(page, { language, slug: "livorno", door: "a" });

    await page.click("#send");
    assert.deepEqual(await refused(page, "#text"), AT_THE_FIELD);
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "empty"));
    await page.keyboard.type("a");
    assert.equal(await page.getAttribute("#text", "aria-invalid"), null, "cleared with the next letter");

    await page.fill("#text", "x".repeat(70_000));
    await page.click("#send");
    assert.deepEqual(await refused(page, "#text"), AT_THE_FIELD);
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "size"));
    assert.equal((await page.inputValue("#text")).length, 70_000);

    await page.fill("#text", "");
    await page.fill("#safe-contact", canary.sentence("Lunedì alle dieci."));
    const code = await reporter.send(page);
    await page.fill("#last-group", code.groups.at(-1) === "0000" ? "1111" : "0000");
    await page.click("#confirm-code");
    assert.deepEqual(await refused(page, "#last-group"), AT_THE_FIELD);
    await reporter.confirm(page, code);

    await page.goto(`/${language}/box`);
    await reporter.formReady(page);
    await page.fill("#code", "123");
    await page.click("#open");
    assert.deepEqual(await refused(page, "#code"), AT_THE_FIELD);
    assert.equal(await page.inputValue("#code"), "123");
    assertClean(her);
  });

  test(`a link asks before it throws words away; the exit never asks (${language})`, async (t) => {
    const { page } = await here.visit(t, { language });
    const questions = [];
    const answers = [false, true];
    page.on("dialog", (dialog) => {
      questions.push(dialog.message());
      return answers.shift() ? dialog.accept() : dialog.dismiss();
    });
    await reporter.walkToForm(page, { language, slug: "livorno", door: "a" });
    await page.fill("#text", canary.sentence("Ancora qui."));
    const address = page.url();
    const other = page.locator(`a[hreflang="${language === "it" ? "en" : "it"}"]`);

    await other.click();
    assert.equal(page.url(), address);
    assert.notEqual(await page.inputValue("#text"), "");
    assert.deepEqual(questions, [await page.getAttribute("#texts", "data-leave")]);

    await other.click();
    await page.waitForURL((url) => url.href !== address);
    assert.equal(questions.length, 2);

    await reporter.formReady(page);
    await page.fill("#text", canary.sentence("Via subito."));
    await page.click("#exit");
    await page.waitForSelector("#elsewhere");
    assert.equal(questions.length, 2);
  });
}
