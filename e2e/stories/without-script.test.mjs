// Without JavaScript everything but writing and the mailbox works, and those two say so and offer the phone.

import { test } from "node:test";
import assert from "node:assert/strict";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage();

/** Whether at least one element is there to be seen. */
async function shows(page, selector) {
  return (await page.locator(selector).filter({ visible: true }).count()) > 0;
}

/** Clicks a link of the page and waits for its page. */
async function follow(page, address) {
  await Promise.all([page.waitForURL((url) => url.pathname === address), page.click(`a[href="${address}"] >> nth=0`)]);
}

for (const language of LANGUAGES) {
  test(`the way to a place, and to help by phone (${language})`, async (t) => {
    const { page, seen } = await here.visit(t, { language, script: false });
    await page.goto(`/${language}/`);
    assert.ok(await shows(page, 'a[href="tel:112"]'));
    for (const address of ["/first", "/places", "/places/livorno"]) {
      await follow(page, `/${language}${address}`);
      assert.ok(await page.isVisible("h1"));
    }
    assert.ok(await shows(page, 'a[href="tel:1522"]'));
    await follow(page, `/${language}/places/livorno/a`);
    assert.ok(await shows(page, "noscript .notice"), "it says that writing needs JavaScript");
    assert.equal(await page.isVisible("#text"), false, "no field that would lead nowhere");
    assert.ok(await shows(page, 'a[href="tel:1522"]'), "and offers the phone");
    await follow(page, `/${language}/box`);
    assert.ok(await shows(page, "noscript .notice"));
    assert.equal(await page.isVisible("#code"), false);
    assert.ok(await shows(page, 'a[href="tel:1522"]'));
    for (const address of ["/guide", "/young", "/privacy", "/accessibility", "/about", "/console/sign-in"]) {
      const response = await page.goto(`/${language}${address}`);
      assert.equal(response.status(), 200, address);
      assert.ok(await page.isVisible("h1"), address);
    }
    assert.deepEqual(seen.foreign, []);
  });

  test(`no text speaks of keys that do nothing without JavaScript, and the exit is a plain link (${language})`, async (t) => {
    const { page } = await here.visit(t, { language, script: false });
    for (const address of ["/", "/first", "/places", "/places/pisa/b", "/box", "/young"]) {
      await page.goto(`/${language}${address}`);
      for (const element of await page.$$("[data-script-only]")) assert.equal(await element.isVisible(), false, address);
    }
    await page.click("#exit");
    await page.waitForSelector("#elsewhere");
  });
}
