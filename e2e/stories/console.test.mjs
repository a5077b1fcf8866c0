// The console: two people at once, a lying server, a wrong passphrase, and the lock (protocol sections 6 and 7.3; I11).

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const here = stage();

/** Somebody writes to a centre; returns the code. */
async function report(t, { slug, door, text }) {
  const { page } = await here.visit(t);
  await page.goto(`/it/places/${slug}/${door}`);
  await reporter.formReady(page);
  await reporter.fill(page, { text });
  return reporter.send(page);
}

/** An operator with the inbox before them. */
async function signedIn(t, name) {
  const one = await here.visit(t);
  await operator.signIn(one.page, { language: "it", account: here.server.account(name) });
  return one;
}

async function sentence(page, code) {
  return reporter.sentence(page, code);
}

test("two people at once: the second reads what the first wrote before anything of hers is sent, and keeps her words", async (t) => {
  const code = await report(t, { slug: "mantova", door: "a", text: canary.sentence("Per due colleghe.") });
  const [chiara, amina] = [await signedIn(t, "chiara.mantova"), await signedIn(t, "amina.mantova")];
  const [line] = (await operator.readInbox(chiara.page)).filter(({ state }) => state === "arrived");
  for (const { page } of [chiara, amina]) {
    await operator.show(page, line);
    await operator.open(page);
  }
  await operator.answer(chiara.page, "Risponde Chiara.");
  await amina.page.fill("#answer-text", "Risponde Amina.");
  await amina.page.click("#answer-send");
  assert.equal(await reporter.errorText(amina.page), await sentence(amina.page, "changed"));
  assert.equal(await amina.page.inputValue("#answer-text"), "Risponde Amina.", "her words stay");
  assert.equal((await operator.conversation(amina.page)).at(-1).text, "Risponde Chiara.", "she sees what was written");
  await operator.answer(amina.page, "Risponde Amina.");

  const her = await here.visit(t);
  await reporter.openBox(her.page, { language: "it", code: code.code });
  await her.page.waitForSelector("#items .item");
  assert.deepEqual((await reporter.readBox(her.page)).slice(1).map(({ text }) => text), ["Risponde Chiara.", "Risponde Amina."]);
});

test("the ready-made first answer is one click, and a message after closing opens the report again", async (t) => {
  const code = await report(t, { slug: "pisa", door: "b", text: canary.sentence("Una domanda.") });
  const marta = await signedIn(t, "marta.pisa");
  const [line] = (await operator.readInbox(marta.page)).filter(({ state }) => state === "arrived");
  await operator.show(marta.page, line);
  await operator.open(marta.page);
  const ready = await operator.acknowledge(marta.page);
  await operator.close(marta.page, { reason: "other", note: "Chiuso per prova." });

  const her = await here.visit(t);
  await reporter.openBox(her.page, { language: "it", code: code.code });
  await her.page.waitForSelector("#items .item");
  const box = await reporter.readBox(her.page);
  assert.equal(box.at(-1).text, ready);
  assert.equal(JSON.stringify(box).includes("Chiuso per prova"), false, "a note of the centre never reaches her");
  await reporter.addMessage(her.page, "Ancora una cosa");

  await marta.page.goto("/it/console/");
  const again = (await operator.readInbox(marta.page)).find((one) => one.case === line.case);
  assert.equal(again?.state, "arrived", "open again");
  assertClean(marta);
});

test("frames of another report, or bent ones, are not shown as this one", async (t) => {
  const texts = [canary.sentence("Il primo caso."), canary.sentence("Il secondo caso.")];
  for (const text of texts) await report(t, { slug: "livorno", door: "b", text });
  const elena = await signedIn(t, "elena.livorno");
  const lines = (await operator.readInbox(elena.page)).filter(({ state }) => state === "arrived");
  assert.equal(lines.length, 2);

  // What the server truly gives for each.
  const given = [];
  elena.page.on("response", async (response) => {
    if (response.url().endsWith("/open")) given.push(await response.json());
  });
  for (const line of lines) {
    await elena.page.goto("/it/console/");
    await operator.show(elena.page, line);
    await operator.open(elena.page);
  }
  assert.equal(given.length, 2);
  const bent = Buffer.from(given[0].frames[0], "base64url");
  bent[2_000] ^= 1;
  const lies = {
    "another report's frame": { ...given[0], frames: given[1].frames },
    "one bit turned": { ...given[0], frames: [bent.toString("base64url")] },
    "cut short": { ...given[0], frames: [given[0].frames[0].slice(0, 4_000)] },
  };
  for (const [name, lie] of Object.entries(lies)) {
    const { page } = await signedIn(t, "elena.livorno");
    await page.route("**/open", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(lie) }));
    await page.goto(lines[0].address);
    await page.waitForSelector("#open:not([disabled])");
    await page.click("#open");
    await page.waitForSelector("#errors:not([hidden]), #opened:not([hidden])");
    const shown = await page.locator("body").innerText();
    for (const text of texts) assert.equal(shown.includes(text), false, `${name}: nothing that does not verify is shown`);
    const isRefused = await page.isVisible("#errors");
    const isMarked = (await operator.conversation(page)).some(({ unreadable }) => unreadable);
    assert.ok(isRefused || isMarked, `${name}: it is said`);
  }
});

test("papers of the centre that do not verify give no keys", async (t) => {
  await report(t, { slug: "livorno", door: "a", text: canary.sentence("Chiavi.") });
  const { page } = await signedIn(t, "grace.livorno");
  const [line] = (await operator.readInbox(page)).filter(({ state }) => state === "arrived");
  await page.route("**/console/keys", async (route) => {
    const response = await route.fetch();
    const keys = await response.json();
    const text = JSON.stringify(keys);
    // The two governors' signatures become the same one.
    const signatures = [...text.matchAll(/"signature":"([A-Za-z0-9_-]{86})"/g)].map((match) => match[1]);
    assert.ok(signatures.length >= 2);
    await route.fulfill({ response, body: text.replaceAll(signatures[1], signatures[0]) });
  });
  await page.goto(line.address);
  const said = await reporter.errorText(page);
  const known = await Promise.all(["keys", "certificate"].map((code) => sentence(page, code)));
  assert.ok(known.includes(said), said);
  assert.equal(await page.isEnabled("#open"), false);
});

test("a wrong passphrase and an unknown account get the same sentence", async (t) => {
  const said = [];
  for (const account of ["elena.livorno", "nobody.nowhere"]) {
    const { page, context } = await here.visit(t);
    await page.goto("/it/console/sign-in");
    await page.waitForSelector("#fields:not([disabled])");
    await page.fill("#account", account);
    await page.fill("#passphrase", "anatra tenero cenone sinfonia sabbiare vicenda");
    await page.click("#enter");
    said.push(await reporter.errorText(page));
    assert.equal(said.at(-1), await sentence(page, "sign-in"));
    assert.deepEqual(await context.cookies(), []);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  }
  assert.equal(said[0], said[1]);
});

test("signing out leaves nothing behind: no identity, no session, nothing behind Back", async (t) => {
  const text = canary.sentence("Dietro il tasto indietro.");
  await report(t, { slug: "mantova", door: "a", text });
  const { page } = await signedIn(t, "amina.mantova");
  const line = (await operator.readInbox(page)).find(({ state }) => state === "arrived");
  await operator.show(page, line);
  await operator.open(page);
  assert.ok((await page.locator("body").innerText()).includes(text));
  await operator.signOut(page, { language: "it" });
  assert.equal(await page.evaluate(() => sessionStorage.getItem("approdo")), null);
  await page.goBack();
  await page.waitForTimeout(500);
  assert.equal((await page.locator("body").innerText()).includes(text), false);
  const response = await page.goto(line.address);
  assert.ok(response.url().includes("/console/sign-in"), "the session has ended on the server too");
});

test("a quarter of an hour without a touch locks the console; the draft is sealed to her own key and comes back", async (t) => {
  await report(t, { slug: "mantova", door: "a", text: canary.sentence("Bozza.") });
  const { page } = await here.visit(t);
  await page.clock.install();
  await operator.signIn(page, { language: "it", account: here.server.account("chiara.mantova") });
  const line = (await operator.readInbox(page)).find(({ state }) => state === "arrived");
  await operator.show(page, line);
  await operator.open(page);
  const draft = canary.sentence("Una risposta non finita.");
  await page.fill("#answer-text", draft);
  await page.clock.fastForward(15 * 60 * 1000);
  await page.waitForURL((url) => url.pathname === "/it/console/sign-in");
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.equal(kept.includes(draft), false, "only its sealed form is kept");
  assert.ok(kept.includes(line.case), "and it is kept");

  await page.waitForSelector("#fields:not([disabled])");
  const account = here.server.account("chiara.mantova");
  await page.fill("#account", account.account);
  await page.fill("#passphrase", account.passphrase);
  await Promise.all([page.waitForURL((url) => url.pathname === "/it/console/"), page.click("#enter")]);
  await page.goto(line.address);
  await page.waitForSelector("#open:not([disabled])");
  await operator.open(page);
  assert.equal(await page.inputValue("#answer-text"), draft);
});

test("the session lasts while somebody types, and not longer; when it ends all the same, nothing typed is lost", async (t) => {
  await report(t, { slug: "mantova", door: "a", text: canary.sentence("Una lunga risposta.") });
  const { page, context } = await here.visit(t);
  await page.clock.install();
  const account = here.server.account("amina.mantova");
  await operator.signIn(page, { language: "it", account });
  const line = (await operator.readInbox(page)).find(({ state }) => state === "arrived");
  await operator.show(page, line);
  await operator.open(page);
  const asked = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/console/session-key") asked.push([response.request().method(), response.status()]);
  });
  /** Lets time pass for the page, and the network answer. */
  const pass = async (seconds, calls) => {
    await page.clock.runFor(seconds * 1000);
    for (let tries = 0; asked.length < calls && tries < 50; tries += 1) await new Promise((done) => setTimeout(done, 100));
    assert.equal(asked.length, calls);
  };

  await page.focus("#answer-text");
  await page.keyboard.type("Gentile");
  await pass(230, 0);
  await pass(20, 1);
  assert.deepEqual(asked, [["HEAD", 200]]);
  await pass(300, 1);
  await page.keyboard.type(" persona");
  await pass(5, 2);

  await page.fill("#close-note", "una nota");
  await context.clearCookies();
  await page.click("#answer-send");
  await page.clock.runFor(3_000);
  await page.waitForURL((url) => url.pathname === "/it/console/sign-in");
  await page.waitForSelector("#fields:not([disabled])");
  await page.fill("#account", account.account);
  await page.fill("#passphrase", account.passphrase);
  await Promise.all([page.waitForURL((url) => url.pathname === "/it/console/"), page.click("#enter")]);
  await page.goto(line.address);
  await page.waitForSelector("#open:not([disabled])");
  await operator.open(page);
  assert.equal(await page.inputValue("#answer-text"), "Gentile persona");
  assert.equal(await page.inputValue("#close-note"), "una nota");
});
