// A server that lies about what it holds: drops, replays, reorders, swaps, cuts. Each lie is noticed with a clear sentence by her or by the
// operator, or it is one that cannot be noticed from where they are, and then the page says so (protocol sections 1, 3, 7.2 and 7.3; I11, I13).

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import { between, saying } from "../lib/proxy.mjs";
import * as reporter from "../lib/reporter.mjs";
import { keys } from "../lib/server.mjs";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage();

const CELL = 4096;
const PLACES = { it: ["livorno", "elena.livorno"], en: ["mantova", "chiara.mantova"] };

/** A visitor of the server in between. */
async function visit(t, proxy, language) {
  return here.visit(t, { language, origin: proxy.origin });
}

/** A report, and as many answers as there are; the pages of the mailbox as they were after each. */
async function answered(t, proxy, language, answers) {
  const her = await visit(t, proxy, language);
  await her.page.goto(`/${language}/places/${PLACES[language][0]}/a`);
  await reporter.formReady(her.page);
  const said = canary.sentence("Prima parola.");
  await reporter.fill(her.page, { text: said });
  const { code } = await reporter.send(her.page);
  const desk = await here.visit(t, { language });
  await operator.signIn(desk.page, { language, account: here.server.account(PLACES[language][1]) });
  const line = (await operator.readInbox(desk.page)).find(({ state }) => state === "arrived");
  await operator.show(desk.page, line);
  await operator.open(desk.page);
  const pages = [];
  for (const answer of answers) {
    await operator.answer(desk.page, answer);
    await reporter.openBox(her.page, { language, code });
    pages.push(proxy.seen.filter((one) => one.path === "/mailbox/page").at(-1).answer);
  }
  return { her, code, said, desk, caseId: line.case, pages };
}

/** Opens the mailbox; whatever it shows, everything shown is returned. */
async function enter(page, language, code) {
  await page.goto(`/${language}/box`);
  await reporter.formReady(page);
  await page.fill("#code", code);
  await page.click("#open");
  await page.waitForSelector("#errors:not([hidden]), #step-box:not([hidden])");
  return page.locator("main").innerText();
}

for (const language of LANGUAGES) {
  test(`it drops her report and says that it has it: nobody can see that from here, and the page says so (${language})`, async (t) => {
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const { page } = await visit(t, proxy, language);
    await page.goto(`/${language}/places/pisa/b`);
    await reporter.formReady(page);
    await reporter.fill(page, { text: canary.sentence("Va persa.") });
    proxy.lie((exchange, pass) => (exchange.path === "/reports" ? { status: 201, headers: { "content-type": "application/json" }, body: Buffer.from("{}") } : pass()));
    const code = await reporter.send(page);
    await reporter.confirm(page, code);
    const limit = { it: /un messaggio può perdersi, e da qui nessuno lo può vedere/, en: /a message can get lost, and from here nobody can see that/ };
    assert.match(await page.locator("#step-done").innerText(), limit[language]);
    proxy.lie();
    await reporter.openBox(page, { language, code: code.code });
    assert.ok(await page.isVisible("#no-answers"));
    assert.match(await page.locator("#no-answers").innerText(), language === "it" ? /telefona/ : /phone/);
  });

  test(`it answers with an earlier state of the mailbox: the limit is said, nothing can be written over what is hidden (${language})`, async (t) => {
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const answers = [canary.sentence("La prima risposta."), canary.sentence("La seconda risposta.")];
    const { her, code, pages } = await answered(t, proxy, language, answers);
    proxy.lie(async (exchange, pass) => {
      const answer = await pass();
      return exchange.path === "/mailbox/page" ? saying(answer, pages[0]) : answer;
    });
    const screen = await enter(her.page, language, code);
    assert.ok(screen.includes(answers[0]) && !screen.includes(answers[1]));
    assert.ok(await her.page.isVisible("#missing"), "that an answer can be missing is said beside the answers");
    const words = canary.sentence("Non deve andare perso.");
    await her.page.fill("#message-text", words);
    await her.page.click("#message-send");
    assert.equal(await reporter.errorText(her.page), await reporter.sentence(her.page, "sequence"));
    assert.equal(await her.page.inputValue("#message-text"), words);
  });

  test(`it reorders, cuts and swaps what stands in the mailbox: each is said, nothing unverified is shown (${language})`, async (t) => {
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const answers = [canary.sentence("Prima."), canary.sentence("Seconda.")];
    const { her, code, pages } = await answered(t, proxy, language, answers);
    const whole = pages[1];
    const lied = (change) => {
      const page = Buffer.from(whole);
      change(page);
      return page;
    };
    const lies = {
      "two answers change places": lied((page) => {
        whole.copy(page, CELL, 2 * CELL, 3 * CELL);
        whole.copy(page, 2 * CELL, CELL, 2 * CELL);
      }),
      "the first answer stands twice": lied((page) => whole.copy(page, 2 * CELL, CELL, 2 * CELL)),
      "the last answer is cut out": lied((page) => page.fill(0, 2 * CELL, 3 * CELL)),
      "the index is of another time": lied((page) => pages[0].copy(page, 0, 0, CELL).valueOf() && whole.copy(page, CELL, 2 * CELL, 3 * CELL)),
      "a letter of the ciphertext is another": lied((page) => (page[2 * CELL + 1_500] ^= 4)),
    };
    for (const [name, body] of Object.entries(lies)) {
      proxy.lie(async (exchange, pass) => {
        const answer = await pass();
        return exchange.path === "/mailbox/page" ? saying(answer, body) : answer;
      });
      const screen = await enter(her.page, language, code);
      const incomplete = await her.page.isVisible("#incomplete");
      const refused = await her.page.isVisible("#errors");
      assert.ok(incomplete || refused, `${name}: said`);
      if (refused) {
        const sentence = (await her.page.textContent("#error-text")).trim();
        assert.notEqual(sentence, await reporter.sentence(her.page, "unknown"), `${name}: in a sentence that says what is wrong`);
      }
      // What verified in its own place may be shown; never both when one of them is not in its place, and never twice.
      const shown = answers.map((answer) => screen.split(answer).length - 1);
      assert.ok(shown.every((times) => times <= 1) && shown[0] + shown[1] <= 1, `${name}: ${shown}`);
    }
  });

  test(`it takes her words twice, or says that it has what it has not: the centre has them once (${language})`, async (t) => {
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const { her, code, desk, caseId, said } = await answered(t, proxy, language, [canary.sentence("Ci siamo.")]);
    await reporter.openBox(her.page, { language, code });
    // Everything that she posts is posted a second time by the server in between.
    proxy.lie(async (exchange, pass) => {
      const answer = await pass();
      if (exchange.path === "/mailbox/messages") await pass();
      return answer;
    });
    const message = canary.sentence("Una volta sola.");
    await reporter.addMessage(her.page, message);
    proxy.lie();
    await operator.showCase(desk.page, { language, caseId });
    const texts = (await operator.open(desk.page)).map(({ text }) => text);
    assert.equal(texts.filter((text) => text === message).length, 1);
    assert.equal(texts.filter((text) => text === said).length, 1);
    assert.equal(await desk.page.isVisible("#tail-missing"), false);
  });

  test(`it gives the operator less, more or something else than was sent: the operator is told (${language})`, async (t) => {
    const proxy = await between(here.server.origin);
    t.after(() => proxy.stop());
    const { her, code, desk, caseId } = await answered(t, proxy, language, [canary.sentence("Prima risposta.")]);
    await reporter.openBox(her.page, { language, code });
    await reporter.addMessage(her.page, canary.sentence("Secondo messaggio."));
    const other = await answered(t, proxy, language, [canary.sentence("A un’altra persona.")]);
    const theirs = await other.desk.page.evaluate(async (address) => {
      const headers = { "x-approdo-csrf": document.getElementById("console").dataset.csrf, "content-type": "application/json" };
      return (await (await fetch(address, { method: "POST", headers, body: "{}" })).json()).frames;
    }, `/console/reports/${other.caseId}/open`);
    const lies = {
      "the middle is left out": (frames) => frames.filter((_, index) => index !== 1),
      "the beginning is left out": (frames) => frames.slice(1),
      "two change places": ([one, two, ...rest]) => [one, ...rest, two],
      "one stands twice": (frames) => [...frames, frames.at(-1)],
      "an item of another case": (frames) => [...frames.slice(0, -1), theirs[0]],
      "a letter is another": (frames) => frames.map((frame, index) => (index === 1 ? frame.slice(0, 2_000) + (frame[2_000] === "A" ? "B" : "A") + frame.slice(2_001) : frame)),
    };
    const honest = await operatorSees(desk.page, language, caseId, (frames) => frames);
    assert.equal(honest.told, false, honest.screen);
    for (const [name, lie] of Object.entries(lies)) {
      const seen = await operatorSees(desk.page, language, caseId, lie);
      // The order in which frames come says nothing: each names its place. Put right, they are the honest conversation.
      const isPutRight = name === "two change places" && seen.texts.join() === honest.texts.join();
      assert.ok(seen.told || isPutRight, `${name}: ${seen.screen.slice(0, 300)}`);
    }
  });
}

/** The operator's page for a case whose frames are another ones: whether it says that something is wrong, and what it shows. */
async function operatorSees(page, language, caseId, lie) {
  await page.route(`**/console/reports/${caseId}/open`, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    await route.fulfill({ response: answer, json: { ...body, frames: lie(body.frames) } });
  });
  await operator.showCase(page, { language, caseId });
  await page.click("#open");
  await page.waitForSelector("#opened:not([hidden]), #errors:not([hidden])");
  const seen = {
    told: (await page.isVisible("#tail-missing")) || (await page.isVisible("#errors")) || (await page.locator("[data-part=unreadable]:visible").count()) > 0,
    texts: await page.locator("#items > .item [data-part=text]").allTextContents(),
    screen: await page.locator("main").innerText(),
  };
  await page.unroute(`**/console/reports/${caseId}/open`);
  return seen;
}

test("the server goes back to an older key of the centre while she writes: refused, nothing is sealed to it", async (t) => {
  const { demo, folder } = here.server;
  const bundle = async () => {
    const read = async (name) => JSON.parse(await readFile(path.join(demo, "public", "pisa", name), "utf8"));
    return JSON.stringify({ certificate: await read("certificate.json"), statements: await read("statements.json") });
  };
  const old = await bundle();
  const secret = path.join(folder, "marta.passphrase");
  await writeFile(secret, here.server.account("marta.pisa").passphrase, { mode: 0o600 });
  await keys("epoch", "--publication", path.join(demo, "public"), "--centre", "pisa", "--channel", "general", "--signer", "marta.pisa", "--passphrase-file", secret);
  await here.server.takeIn();
  const proxy = await between(here.server.origin);
  t.after(() => proxy.stop());
  const { page } = await visit(t, proxy, "it");
  await page.goto("/it/places/pisa/b");
  await reporter.formReady(page);
  const words = canary.sentence("Solo alla chiave di oggi.");
  await reporter.fill(page, { text: words });
  const posted = [];
  proxy.lie(async (exchange, pass) => {
    if (exchange.path === "/reports") {
      posted.push(exchange.body);
      return { status: 409, headers: { "content-type": "application/json" }, body: Buffer.from('{"code":"epoch"}') };
    }
    const answer = await pass();
    return exchange.path.startsWith("/network/centres/") ? saying(answer, old) : answer;
  });
  await page.click("#send");
  assert.equal(await reporter.errorText(page), await reporter.sentence(page, "certificate"));
  assert.equal(posted.length, 1, "nothing was sealed to the older key");
  assert.equal(await page.inputValue("#text"), words);
});
