// The second factor where it is required: the first sign-in enrols it, without JavaScript too; every later one takes a code (docs/adr/0023).

import { test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { PHONE, look } from "../lib/browser.mjs";
import { LANGUAGES, stage } from "../lib/story.mjs";

const here = stage({ settings: { APPRODO_SESSION__SECOND_FACTOR: "required" } });

const ACCOUNTS = { it: "elena.livorno", en: "chiara.mantova" };

/** What an authenticator shows (RFC 6238), `ahead` steps from now: the server forgives one. */
function codeOf(secret, ahead = 0) {
  const signs = secret.replace(/\s/g, "");
  const bits = [...signs].map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac("sha1", key).update(step).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Nothing of the step may change between reading a code and the server's looking at it. */
async function awayFromTheEdge() {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 12_000) await new Promise((resolve) => setTimeout(resolve, left + 200));
}

async function typePassphrase(page, { language, account }) {
  await page.goto(`/${language}/console/sign-in`);
  await page.waitForSelector("#fields:not([disabled])");
  await page.fill("#account", account.account);
  await page.fill("#passphrase", account.passphrase);
  await page.click("#enter");
}

for (const language of LANGUAGES) {
  test(`from the first sign-in to another telephone (${language})`, async (t) => {
    await awayFromTheEdge();
    const found = [];
    const account = here.server.account(ACCOUNTS[language]);
    const her = await here.visit(t, { language, viewport: PHONE });
    const { page } = her;
    await typePassphrase(page, { language, account });
    await page.waitForURL(`**/${language}/console/factor`);
    found.push(...(await look(page, `${language}-factor-first`)));
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, "nothing is unlocked yet");
    await page.goto(`/${language}/console/`);
    assert.equal(new URL(page.url()).pathname, `/${language}/console/factor`, "no page before it");
    const secret = await page.locator("#secret").innerText();
    assert.ok((await page.getAttribute("#here", "href")).includes(secret.replace(/\s/g, "")), "the link has the same secret");

    // Enrolling takes no script.
    const plain = await here.visit(t, { language, script: false });
    await plain.context.addCookies(await her.context.cookies());
    await plain.page.goto(`/${language}/console/factor`);
    await plain.page.fill("#code", "000000");
    await Promise.all([plain.page.waitForURL(/refused=new-code/), plain.page.keyboard.press("Enter")]);
    const used = codeOf(secret);
    await plain.page.fill("#code", used);
    await Promise.all([plain.page.waitForSelector("#codes"), plain.page.click("#enrol button")]);
    const backups = await plain.page.locator("#codes li").allInnerTexts();
    assert.equal(backups.length, 10);

    // Then passphrase and code; a wrong one stays at its field, and what was typed stays.
    await typePassphrase(page, { language, account });
    await page.waitForSelector("#code-field:not([hidden])");
    assert.equal(await page.evaluate(() => document.activeElement.id), "code");
    assert.equal(await page.inputValue("#passphrase"), account.passphrase);
    found.push(...(await look(page, `${language}-sign-in-code`)));
    await page.fill("#code", used);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#errors:not([hidden])");
    assert.equal(await page.getAttribute("#code", "aria-invalid"), "true", "the code of the enrolment is used");
    found.push(...(await look(page, `${language}-sign-in-code-wrong`)));
    await page.fill("#code", codeOf(secret, 1));
    await Promise.all([page.waitForURL(`**/${language}/console/?state=arrived`), page.keyboard.press("Enter")]);

    // Another telephone takes passphrase and a current code; here a backup code.
    await page.click(`footer a[href="/${language}/console/factor"]`);
    await page.waitForSelector("#replace button:not([disabled])", { state: "attached" });
    for (const summary of await page.locator("main summary").all()) await summary.click();
    found.push(...(await look(page, `${language}-factor`)));
    await page.fill("#new-code", codeOf(await page.locator("#secret").innerText()));
    await page.fill("#replace-code", backups[0]);
    await page.fill("#replace-passphrase", "una frase sbagliata");
    await page.click("#replace button");
    await page.waitForSelector("#errors:not([hidden]), #refused");
    await page.goto(`/${language}/console/factor`);
    await page.waitForSelector("#replace button:not([disabled])", { state: "attached" });
    await page.locator("#replace").evaluate((form) => (form.closest("details").open = true));
    await awayFromTheEdge();
    await page.fill("#new-code", codeOf(await page.locator("#secret").innerText()));
    await page.fill("#replace-code", backups[0]);
    await page.fill("#replace-passphrase", account.passphrase);
    const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/console/factor/replace"));
    await page.click("#replace button");
    assert.ok(!(await sent).postData().includes(encodeURIComponent(account.passphrase.split(" ")[0])), "the passphrase is not sent");
    await page.waitForSelector("#codes");
    found.push(...(await look(page, `${language}-factor-codes`)));
    await page.click("#go-on");
    await page.waitForSelector("#has");
    assert.deepEqual(found, []);
    assert.deepEqual(her.seen.foreign, []);
    assert.deepEqual(her.seen.violations, []);
  });
}

test("whoever has lost everything enrols anew when the host has forgotten the factor", async (t) => {
  const account = here.server.account("marta.pisa");
  const { page } = await here.visit(t);
  await awayFromTheEdge();
  await typePassphrase(page, { language: "it", account });
  await page.waitForURL("**/it/console/factor");
  const secret = await page.locator("#secret").innerText();
  await page.fill("#code", codeOf(secret));
  await Promise.all([page.waitForSelector("#codes"), page.click("#enrol button")]);
  const told = await here.server.command(["factor", "forget", account.account]);
  assert.equal(told.code, 0, told.said);
  assert.notEqual((await here.server.command(["factor", "forget", account.account])).code, 0, "there is none any more");
  await typePassphrase(page, { language: "it", account });
  await page.waitForURL("**/it/console/factor");
  assert.notEqual(await page.locator("#secret").innerText(), secret);
});
