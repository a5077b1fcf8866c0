// Every page, in both languages, light and dark: axe finds nothing, the content security policy holds, nothing is asked elsewhere,
// nothing is wider than a phone. Leaves a picture of each page for people to look at.

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import { axe, picture } from "../lib/browser.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, assertClean, stage } from "../lib/story.mjs";

const here = stage();

const PUBLIC = {
  start: "/",
  first: "/first",
  places: "/places",
  livorno: "/places/livorno",
  mantova: "/places/mantova",
  pisa: "/places/pisa",
  "write-safe": "/places/livorno/a",
  "write-general": "/places/pisa/b",
  box: "/box",
  guide: "/guide",
  young: "/young",
  privacy: "/privacy",
  accessibility: "/accessibility",
  about: "/about",
  "sign-in": "/console/sign-in",
};

/** Looks at the page in light and dark; keeps a picture of the light one. What axe finds is gathered, to be told all at once. */
async function look(page, name, found) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axe(page)).map((finding) => `${name}, ${colorScheme}: ${finding}`));
  }
  await picture(page, name);
}

for (const language of LANGUAGES) {
  for (const [name, address] of Object.entries(PUBLIC)) {
    test(`${name} (${language})`, async (t) => {
      const found = [];
      const one = await here.visit(t, { language });
      const response = await one.page.goto(`/${language}${address}`);
      assert.equal(response.status(), 200);
      assert.equal(await one.page.getAttribute("html", "lang"), language);
      if (await one.page.$("#fields")) await reporter.formReady(one.page);
      await look(one.page, `${language}-${name}`, found);
      assertClean(one);
      assert.deepEqual(found, []);
      assert.deepEqual(await one.context.cookies(), [], "no cookie before sign-in");
    });
  }

  test(`a page that is not there (${language})`, async (t) => {
    const found = [];
    const one = await here.visit(t, { language });
    const response = await one.page.goto(`/${language}/nothing-here`);
    assert.equal(response.status(), 404);
    await look(one.page, `${language}-not-found`, found);
    assert.deepEqual(found, []);
    assert.deepEqual(one.seen.violations, []);
    assert.deepEqual(one.seen.foreign, []);
  });

  test(`the steps of writing and of the mailbox (${language})`, async (t) => {
    const found = [];
    const her = await here.visit(t, { language });
    const { page } = her;
    await reporter.walkToForm(page, { language, slug: "livorno", door: "a" });
    await page.click("#send");
    assert.equal(await reporter.errorText(page), await reporter.sentence(page, "empty"));
    await look(page, `${language}-write-empty`, found);
    await reporter.fill(page, { text: canary.sentence("Una prova."), urgent: true });
    const code = await reporter.send(page);
    await look(page, `${language}-write-code`, found);
    await reporter.confirm(page, code);
    await look(page, `${language}-write-done`, found);

    await reporter.openBox(page, { language, code: code.code });
    await look(page, `${language}-box-without-answer`, found);

    const centre = await here.visit(t, { language });
    await operator.signIn(centre.page, { language, account: here.server.account("elena.livorno") });
    await look(centre.page, `${language}-inbox`, found);
    const line = (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived");
    await operator.show(centre.page, line);
    await look(centre.page, `${language}-report-sealed`, found);
    await operator.open(centre.page);
    await operator.answer(centre.page, canary.sentence("Una risposta."));
    await look(centre.page, `${language}-report-open`, found);
    assertClean(centre);

    await reporter.openBox(page, { language, code: code.code });
    await page.waitForSelector("#items .item");
    await look(page, `${language}-box-with-answer`, found);
    assertClean(her);
    assert.deepEqual(found, []);
  });
}

test("the first address leads to the language of the browser", async (t) => {
  for (const language of LANGUAGES) {
    const one = await here.visit(t, { language });
    await one.page.goto("/");
    assert.equal(new URL(one.page.url()).pathname, `/${language}/`);
  }
});
