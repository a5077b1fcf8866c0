// Leaving quickly, and what a tab that somebody else looks at shows (protocol section 11).

import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as reporter from "../lib/reporter.mjs";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage();

/** Three pages, the last one with something typed. */
async function threePages(page, language) {
  // A page that was there before ours: the one that Back has to lead to.
  await page.goto("https://before.example/");
  await page.evaluate((address) => location.assign(address), `${here.server.origin}/${language}/`);
  await page.waitForURL(`**/${language}/`);
  await reporter.follow(page, `main a[href="/${language}/places"]`);
  await reporter.follow(page, `main a[href="/${language}/places/mantova"]`);
  await reporter.follow(page, `main a[href="/${language}/places/mantova/a"]`);
  await reporter.formReady(page);
  await page.fill("#text", "qualcosa di privato");
}

/** After leaving: elsewhere, and neither Back nor the list of visited pages of the tab shows ours. */
async function assertGone(page) {
  await page.waitForSelector("#elsewhere");
  assert.equal(new URL(page.url()).host, "www.wikipedia.org");
  await page.goBack();
  assert.equal(new URL(page.url()).host, "before.example", "Back leads past us");
  await page.goForward();
  assert.equal(new URL(page.url()).host, "www.wikipedia.org");
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  assert.deepEqual(entries.map((entry) => new URL(entry.url).host).filter((host) => host.startsWith("127.")), []);
}

for (const language of LANGUAGES) {
  test(`the exit leaves nothing of ours behind Back (${language})`, async (t) => {
    const { page } = await here.visit(t, { language });
    await threePages(page, language);
    await page.click("#exit");
    await assertGone(page);
  });

  for (const key of ["Escape", "Shift"]) {
    test(`three times ${key} leaves (${language})`, async (t) => {
      const { page } = await here.visit(t, { language });
      await threePages(page, language);
      await page.focus("#text");
      await page.keyboard.press(key);
      await page.keyboard.press(key);
      assert.equal(await page.inputValue("#text"), "qualcosa di privato", "twice is not yet leaving");
      await page.keyboard.press(key);
      await assertGone(page);
    });
  }
}

test("the page is blank at once, even when the next one takes long, and a further Escape does not bring it back", async (t) => {
  const { page, context } = await here.visit(t);
  let arrive;
  const slow = new Promise((resolve) => (arrive = resolve));
  t.after(() => arrive());
  await threePages(page, "it");
  await context.route("https://www.wikipedia.org/**", async (route) => {
    await slow;
    await route.fulfill({ contentType: "text/html", body: "<p id=elsewhere>elsewhere" });
  });
  // The page says by itself what it shows after each key: while the next page is on its way, the browser answers no question.
  const shown = [];
  await page.exposeFunction("__shows", (what) => shown.push(what));
  await page.evaluate(() => {
    addEventListener("keyup", () => globalThis.__shows({ text: document.body.innerText.trim(), title: document.title, host: location.host }));
  });
  const session = await context.newCDPSession(page);
  for (let press = 0; press < 5; press += 1) {
    for (const type of ["keyDown", "keyUp"]) await session.send("Input.dispatchKeyEvent", { type, key: "Escape", code: "Escape", windowsVirtualKeyCode: 27 });
  }
  for (let waited = 0; shown.length < 5 && waited < 100; waited += 1) await pause(50);
  assert.equal(shown.length, 5, "the page stands, since the next one takes long, and hears every key");
  assert.ok(shown[0].text.length > 0 && shown[0].host === new URL(here.server.origin).host);
  assert.deepEqual(shown.slice(2).map(({ text, title }) => [text, title]), [["", ""], ["", ""], ["", ""]]);
  arrive();
  await page.waitForSelector("#elsewhere");
});

test("the exit is the first thing that Tab reaches, on every public page", async (t) => {
  const { page } = await here.visit(t);
  for (const address of ["/", "/first", "/places", "/places/livorno", "/places/livorno/a", "/box", "/guide", "/young"]) {
    await page.goto(`/it${address}`);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "exit", address);
  }
});

test("a hidden tab is covered at once, keeps the draft, and shows it again when asked", async (t) => {
  const { page } = await here.visit(t);
  await threePages(page, "it");
  const turn = (state) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await turn("hidden");
  assert.ok(await page.isVisible("#cover"));
  assert.ok(await page.evaluate(() => document.getElementById("page").inert));
  await turn("visible");
  assert.ok(await page.isVisible("#cover"), "covered until asked");
  assert.equal(await page.evaluate(() => document.activeElement.id), "cover-continue");
  await page.click("#cover-continue");
  assert.equal(await page.isVisible("#cover"), false);
  assert.equal(await page.inputValue("#text"), "qualcosa di privato");
});

test("a tab hidden for more than a quarter of an hour comes back without the draft, and says so", async (t) => {
  const { page } = await here.visit(t);
  await page.clock.install();
  await page.goto("/it/places/mantova/a");
  await reporter.formReady(page);
  await page.fill("#text", "qualcosa di privato");
  const turn = (state) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await turn("hidden");
  await page.clock.fastForward(16 * 60 * 1000);
  await turn("visible");
  assert.equal(await page.inputValue("#text"), "");
  assert.ok(await page.isVisible("#cover-cleared"));
});

test("what was typed is gone when the page is left and brought back", async (t) => {
  const { page } = await here.visit(t);
  await threePages(page, "it");
  await page.evaluate(() => location.assign("https://before.example/again"));
  await page.waitForURL("https://before.example/again");
  await page.goBack();
  assert.equal(new URL(page.url()).pathname, "/it/places/mantova/a");
  assert.equal(await page.inputValue("#text"), "");
});

test("a page that the browser had kept alive leaves by itself", async (t) => {
  const { page } = await here.visit(t);
  await threePages(page, "it");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await page.waitForSelector("#elsewhere");
});
