// A server that lies, stands in between, or breaks off: the browser says so in a clear sentence of its language, posts nothing that it
// should not, and keeps what was typed (protocol sections 1, 3 and 7; I11, I13).

import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { keys } from "../lib/server.mjs";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage();

const CELL = 4096;

/** A visitor whose posts of reports are counted. */
async function visit(t, language, options = {}) {
  const one = await here.visit(t, { language, ...options });
  one.posts = () => one.seen.requests.filter(({ method, path: where }) => method === "POST" && where === "/reports").length;
  return one;
}

/** The published JSON of a centre or the root. */
async function published(...name) {
  return JSON.parse(await readFile(path.join(here.server.demo, "public", ...name), "utf8"));
}

async function bundle(slug) {
  return { certificate: await published(slug, "certificate.json"), statements: await published(slug, "statements.json") };
}

/** One letter of a base64 text becomes another one. */
function flip(text) {
  const place = Math.floor(text.length / 2);
  return text.slice(0, place) + (text[place] === "A" ? "B" : "A") + text.slice(place + 1);
}

/** What each lie about the centre looks like, and the codes under which the page may name it. */
const LIES = {
  "a certificate with another letter in it": async () => {
    const lie = await bundle("livorno");
    lie.certificate.payload = flip(lie.certificate.payload);
    return lie;
  },
  "a certificate with one signature instead of two": async () => {
    const lie = await bundle("livorno");
    lie.certificate.signatures.pop();
    return lie;
  },
  "the papers of another centre": () => bundle("mantova"),
  "statements that were left out": async () => {
    const lie = await bundle("livorno");
    lie.statements.shift();
    return lie;
  },
  "an epoch with another recipient": async () => {
    const lie = await bundle("livorno");
    lie.statements[0].payload = flip(lie.statements[0].payload);
    return lie;
  },
  "something that is no JSON": async () => "<!doctype html><title>Sign in to this network</title>",
  "half of an answer": async () => JSON.stringify(await bundle("livorno")).slice(0, 700),
};

const asBody = (lie) => (typeof lie === "string" ? lie : JSON.stringify(lie));

for (const language of LANGUAGES) {
  for (const [name, make] of Object.entries(LIES)) {
    test(`before she writes: ${name} (${language})`, async (t) => {
      const { page, posts } = await visit(t, language);
      const body = asBody(await make());
      await page.route("**/network/centres/*.json", (route) => route.fulfill({ contentType: "application/json", body }));
      await page.goto(`/${language}/places/livorno/a`);
      await assertSays(page);
      assert.equal(await page.isEnabled("#text"), false, "no field opens for a centre that does not verify");
      assert.equal(posts(), 0);
    });
  }

  test(`while she writes: the centre's papers turn wrong, nothing is posted to them, her words stay (${language})`, async (t) => {
    const { page } = await visit(t, language);
    await page.goto(`/${language}/places/livorno/a`);
    await reporter.formReady(page);
    const text = canary.sentence("Non deve andare perso.");
    await reporter.fill(page, { text, safeContact: "domani", urgent: true });
    let posts = 0;
    await page.route("**/reports", (route) => {
      posts += 1;
      return route.fulfill({ status: 409, contentType: "application/json", body: '{"code":"epoch"}' });
    });
    const body = asBody(await LIES["a certificate with another letter in it"]());
    await page.route("**/network/centres/*.json", (route) => route.fulfill({ contentType: "application/json", body }));
    await page.click("#send");
    await assertSays(page);
    assert.equal(posts, 1, "not sealed again for papers that do not verify");
    assert.equal(await page.inputValue("#text"), text);
    assert.equal(await page.inputValue("#safe-contact"), "domani");
    assert.equal(await page.isChecked("#urgent"), true);
  });

  test(`another network's root under the name of this one (${language})`, async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), "approdo-other-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await keys("demo", "--folder", path.join(folder, "demo"));
    const root = await readFile(path.join(folder, "demo/public/root.json"), "utf8");
    const certificate = JSON.parse(await readFile(path.join(folder, "demo/public/livorno/certificate.json"), "utf8"));
    const statements = JSON.parse(await readFile(path.join(folder, "demo/public/livorno/statements.json"), "utf8"));
    const { page, posts } = await visit(t, language);
    // Root and centre fit each other; only the address, which names the root's hash, gives them away.
    await page.route(/\/network\/[0-9a-f]{64}\.json$/, (route) => route.fulfill({ contentType: "application/json", body: root }));
    await page.route("**/network/centres/*.json", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ certificate, statements }) }));
    await page.goto(`/${language}/places/livorno/a`);
    await assertSays(page);
    assert.equal(posts(), 0);
    await page.goto(`/${language}/box`);
    await assertSays(page);
    assert.equal(await page.isEnabled("#code"), false);
  });

  test(`a certificate that ended a year ago (${language})`, async (t) => {
    const { page, posts } = await visit(t, language);
    await page.clock.setFixedTime(Date.now() + 2 * 365 * 24 * 3600 * 1000);
    await page.goto(`/${language}/places/livorno/a`);
    await assertSays(page, ["expired", "clock-or-expired"]);
    assert.equal(posts(), 0);
  });

  for (const [code, status] of [["full", 503], ["error", 500], ["centre", 404], ["channel", 404], ["signature", 400], ["size", 413]]) {
    test(`the server refuses with ${code}: said, and her words stay (${language})`, async (t) => {
      const { page } = await visit(t, language);
      await page.goto(`/${language}/places/mantova/a`);
      await reporter.formReady(page);
      await reporter.fill(page, { text: "Parole che restano" });
      const body = JSON.stringify({ code, reference: "R7K2-19" });
      await page.route("**/reports", (route) => route.fulfill({ status, contentType: "application/json", body }));
      await page.click("#send");
      const said = await reporter.errorText(page);
      const sentence = await reporter.sentence(page, code);
      assert.equal(said, sentence.replace("{reference}", "R7K2-19"));
      assert.equal(await page.inputValue("#text"), "Parole che restano");
    });
  }

  test(`the connection breaks, and comes back: one report, not two (${language})`, async (t) => {
    const text = canary.sentence("Una volta sola.");
    const { page } = await visit(t, language);
    await page.goto(`/${language}/places/pisa/b`);
    await reporter.formReady(page);
    await reporter.fill(page, { text, urgent: true });
    let tries = 0;
    let asked = 0;
    page.on("response", (response) => {
      if (new URL(response.url()).pathname === "/reports" && response.status() === 429) asked += 1;
    });
    await page.route("**/reports", async (route) => {
      tries += 1;
      if (tries === 1) return route.abort("internetdisconnected");
      if (tries > 2) return route.continue();
      // The server takes it, and the acknowledgement gets lost.
      await route.fetch();
      return route.abort("connectionreset");
    });
    for (let lost = 0; lost < 2; lost += 1) {
      await page.click("#send");
      assert.equal(await reporter.errorText(page), await reporter.sentence(page, "network"));
      assert.equal(await page.inputValue("#text"), text);
    }
    await reporter.send(page);
    // Lost, taken without a word, sent again. The door may ask for fresh work once in between, because the first token was used.
    assert.equal(tries - asked, 3);
    assert.ok(asked <= 1, `${asked} times asked for work`);

    const centre = await visit(t, language);
    await operator.signIn(centre.page, { language, account: here.server.account(language === "it" ? "marta.pisa" : "paolo.pisa") });
    const arrived = (await operator.readInbox(centre.page)).filter(({ state }) => state === "arrived");
    assert.equal(arrived.length, 1);
    await operator.show(centre.page, arrived[0]);
    assert.equal((await operator.open(centre.page))[0].text, text);
  });
}

/** The error box speaks in a sentence of the page's own. */
async function assertSays(page, codes) {
  const said = await reporter.errorText(page);
  const sentences = await page.$eval(
    "#texts",
    (element, wanted) => {
      const date = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" }).format(new Date());
      return [...element.attributes]
        .filter(({ name }) => name.startsWith("data-error-") && (!wanted || wanted.includes(name.slice("data-error-".length))))
        .map(({ value }) => value.trim().replace("{date}", date));
    },
    codes,
  );
  assert.ok(sentences.includes(said), `"${said}" is one of the page's sentences${codes ? ` for ${codes}` : ""}`);
  if (!codes) assert.notEqual(said, await reporter.sentence(page, "unknown"), "a sentence that says what is wrong");
}

/** Two people with an answer each, at the same centre. */
async function twoAnswered(t) {
  const codes = [];
  const answers = [canary.sentence("Risposta alla prima persona."), canary.sentence("Risposta alla seconda persona.")];
  for (const text of ["La prima", "La seconda"]) {
    const { page } = await visit(t, "it");
    await page.goto("/it/places/mantova/a");
    await reporter.formReady(page);
    await reporter.fill(page, { text });
    codes.push(await reporter.send(page));
  }
  const centre = await visit(t, "it");
  await operator.signIn(centre.page, { language: "it", account: here.server.account("chiara.mantova") });
  for (;;) {
    const line = (await operator.readInbox(centre.page)).find(({ state }) => state === "arrived");
    if (!line) break;
    await operator.show(centre.page, line);
    const [report] = await operator.open(centre.page);
    const which = report.text === "La prima" ? 0 : 1;
    await operator.answer(centre.page, answers[which]);
    await centre.page.goto("/it/console/");
  }
  return { codes, answers };
}

test("the mailbox: a frame of somebody else, a page cut short, a page of another time", async (t) => {
  const { codes, answers } = await twoAnswered(t);
  const pages = [];
  for (const code of codes) {
    const { page } = await visit(t, "it");
    page.on("response", async (response) => {
      if (new URL(response.url()).pathname === "/mailbox/page") pages.push(await response.body());
    });
    await reporter.openBox(page, { language: "it", code: code.code });
    await page.waitForSelector("#items .item");
  }
  assert.equal(pages.length, 2);
  assert.equal(pages[0].length, 9 * CELL);

  const swapped = Buffer.from(pages[0]);
  pages[1].copy(swapped, CELL, CELL, 2 * CELL);
  const bent = Buffer.from(pages[0]);
  bent[CELL + 2000] ^= 1;
  const lies = {
    "another person's frame": swapped,
    "a frame with one bit turned": bent,
    "another person's page": pages[1],
    "one byte less": pages[0].subarray(0, -1),
    "one byte more": Buffer.concat([pages[0], Buffer.alloc(1)]),
    "nothing": Buffer.alloc(0),
  };
  for (const [name, body] of Object.entries(lies)) {
    const { page } = await visit(t, "it");
    await page.route("**/mailbox/page", (route) => route.fulfill({ contentType: "application/octet-stream", body }));
    await page.goto("/it/box");
    await reporter.formReady(page);
    await page.fill("#code", codes[0].code);
    await page.click("#open");
    await page.waitForSelector("#errors:not([hidden]), #incomplete:not([hidden]), #no-answers:not([hidden])");
    const shown = await page.locator("body").innerText();
    assert.equal(shown.includes(answers[1]), false, `${name}: nothing of somebody else's`);
    assert.equal(shown.includes(answers[0]), false, `${name}: nothing that was not verified`);
    if (await page.isVisible("#errors")) await assertSays(page);
    assert.equal(await page.isVisible("#message-send"), false, `${name}: nothing can be sent into it`);
  }
});
