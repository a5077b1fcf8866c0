// Notices by mail: a real program, a real mail server, TLS that is verified, and a letter that says nothing (protocol sections 2 and 11).

import { test, after } from "node:test";
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as canary from "../lib/canaries.mjs";
import { certificate } from "../lib/certificate.mjs";
import { header, mailServer, textOf } from "../lib/mail.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { assertClean, stage } from "../lib/story.mjs";

const OWN = "elena.casa@example.org";
const MISTYPED = "lucia.casaa@example.org";
const account = { username: "approdo", password: "una parola segreta" };

const papers = certificate();
const folder = await mkdtemp(path.join(tmpdir(), "approdo-e2e-mail-"));
const authority = path.join(folder, "authority.pem");
await writeFile(authority, papers.cert);
const mail = await mailServer({ ...papers, account });
const inClear = await mailServer({ ...papers, offersTls: false });
after(async () => {
  await Promise.all([mail.stop(), inClear.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const here = stage({
  settings: {
    APPRODO_MAIL__SERVER: "127.0.0.1",
    APPRODO_MAIL__PORT: String(mail.port),
    APPRODO_MAIL__FROM: "avvisi@example.org",
    APPRODO_MAIL__USERNAME: account.username,
    APPRODO_MAIL__PASSWORD: account.password,
    APPRODO_MAIL__AUTHORITY: authority,
  },
});

/** Signs in and enters an address; a code is on its way. */
async function enter(t, name, address) {
  const one = await here.visit(t);
  await operator.signIn(one.page, { language: "it", account: here.server.account(name) });
  await one.page.click('nav a[href="/it/console/notices"]');
  await one.page.fill("#address", address);
  await Promise.all([one.page.waitForURL((url) => url.searchParams.has("said")), one.page.click("#address-form button")]);
  assert.equal(new URL(one.page.url()).searchParams.get("said"), "asked");
  return one;
}

function lettersTo(address) {
  return mail.letters.filter(({ to }) => to.includes(address));
}

test("a report arrives, one letter with one sentence goes to the confirmed address, and none in clear", async (t) => {
  const elena = await enter(t, "elena.livorno", OWN);
  const [confirmation] = lettersTo(OWN);
  assert.ok(confirmation.secure, "over TLS");
  const code = /^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/m.exec(textOf(confirmation))[0];
  await elena.page.fill("#code", code);
  await Promise.all([elena.page.waitForURL((url) => url.searchParams.get("said") === "confirmed"), elena.page.click("#confirm")]);
  assert.equal(await elena.page.textContent("#address-now"), OWN);
  assert.equal(await elena.page.isVisible("#waits"), false, "nothing waits yet");
  await enter(t, "amina.mantova", MISTYPED);

  const nothing = await here.server.command(["notices", "send"]);
  assert.deepEqual([nothing.code, nothing.said.split("\n")[0]], [0, "0 sent, 0 refused, 0 not sent"]);

  const text = canary.sentence("Ho bisogno di aiuto.");
  const her = await here.visit(t);
  const receipts = [];
  for (const slug of ["livorno", "mantova"]) {
    await her.page.goto(`/it/places/${slug}/a`);
    await reporter.formReady(her.page);
    await reporter.fill(her.page, { text });
    receipts.push(await reporter.send(her.page));
  }

  // A server that offers no TLS, and one whose certificate nobody vouches for: nothing is said to either.
  const before = mail.letters.length;
  const refused = await here.server.command(["notices", "send"], { APPRODO_MAIL__PORT: String(inClear.port) });
  assert.equal(refused.code, 1, refused.said);
  assert.match(refused.said, /STARTTLS/);
  assert.deepEqual([inClear.letters.length, inClear.heard.senders], [0, 0]);
  const other = certificate();
  await writeFile(path.join(folder, "other.pem"), other.cert);
  const unknown = await here.server.command(["notices", "send"], { APPRODO_MAIL__AUTHORITY: path.join(folder, "other.pem") });
  assert.equal(unknown.code, 1, unknown.said);
  assert.match(unknown.said, /certificate/);
  const wrong = await here.server.command(["notices", "send"], { APPRODO_MAIL__PASSWORD: "un'altra parola" });
  assert.equal(wrong.code, 1, wrong.said);
  assert.match(wrong.said, /signing in failed \(535\)/);
  assert.equal(mail.letters.length, before, "nothing was handed over");

  const sent = await here.server.command(["notices", "send"]);
  assert.deepEqual([sent.code, sent.said.split("\n")[0]], [0, "1 sent, 0 refused, 0 not sent"]);
  assert.equal(mail.letters.length, before + 1);
  const letter = mail.letters.at(-1);
  assert.deepEqual(letter.to, [OWN]);
  assert.equal(textOf(letter), `C'è un messaggio in attesa.\n\n${here.server.origin}/it/console/sign-in`);
  assert.ok(letter.secure);
  assert.equal(mail.heard.inClear, 0);
  assert.equal(header(letter, "Auto-Submitted"), "auto-generated");
  assert.match(header(letter, "Date"), /:(00|15|30|45):00 \+0000$/, "no finer than the quarter hour");
  assert.equal(lettersTo(MISTYPED).length, 1, "a mistyped address got its one neutral letter");
  assert.ok(!/console|https?:|approdo|mantova/i.test(textOf(lettersTo(MISTYPED)[0])));

  // Nothing of what it is about, in either letter.
  const { name } = await here.server.centre("livorno");
  await elena.page.goto("/it/console/");
  const [line] = await operator.readInbox(elena.page);
  const words = [text, name.it, name.en, "livorno", "safe", "urgen", "centro", line.case, line.case.slice(0, 8), "elena.livorno"];
  const padded = mail.letters.map(({ raw }, place) => ({ file: `letter ${place}`, bytes: Buffer.from(raw.toLowerCase().padEnd(5000)) }));
  const secrets = receipts.flatMap((receipt) => canary.codeForms(receipt));
  canary.assertNowhere(padded, [...words.map((word) => word.toLowerCase()), ...secrets]);

  // Inside the console it may count, without a script.
  assert.equal(await elena.page.isVisible("#waits"), true);
  assert.equal(await elena.page.getAttribute("#waits a", "href"), "/it/console/?state=arrived");
  assertClean(elena);

  // No address, no password, no code stands in the log; no code in the database either.
  const log = [{ file: "log", bytes: Buffer.concat([await readFile(here.server.log), Buffer.alloc(5000, 0x20)]) }];
  canary.assertNowhere(log, [OWN, MISTYPED, account.password, code]);
  canary.assertNowhere(await here.server.written(), [account.password, code, code.replaceAll("-", "")]);

  await elena.page.goto("/it/console/notices");
  await Promise.all([elena.page.waitForURL((url) => url.searchParams.get("said") === "removed"), elena.page.click("#remove-form button")]);
  const none = await here.server.command(["notices", "send"]);
  assert.deepEqual([none.code, none.said.split("\n")[0]], [0, "0 sent, 0 refused, 0 not sent"]);
});
