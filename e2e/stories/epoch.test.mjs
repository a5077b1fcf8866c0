// The centre changes its key while somebody writes: verified and sealed again, and no word is lost (protocol section 4.1).

import { test } from "node:test";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as canary from "../lib/canaries.mjs";
import * as operator from "../lib/operator.mjs";
import * as reporter from "../lib/reporter.mjs";
import { keys } from "../lib/server.mjs";
import { stage } from "../lib/story.mjs";

const here = stage();

/** The next epoch of a channel, as a member makes it offline, brought to the server. */
async function nextEpoch(slug, channel, account) {
  const { demo, folder } = here.server;
  const secret = path.join(folder, `${account}.passphrase`);
  await writeFile(secret, here.server.account(account).passphrase, { mode: 0o600 });
  const where = ["--publication", path.join(demo, "public"), "--centre", slug, "--channel", channel];
  const said = await keys("epoch", ...where, "--signer", account, "--passphrase-file", secret);
  await here.server.takeIn();
  return said;
}

test("a report that was begun under the old key arrives under the new one", async (t) => {
  const text = canary.sentence("Scritto mentre la chiave cambiava.");
  const her = await here.visit(t, { language: "it" });
  await reporter.walkToForm(her.page, { language: "it", slug: "livorno", door: "a" });
  await reporter.fill(her.page, { text, urgent: true });
  assert.match(await nextEpoch("livorno", "safe", "elena.livorno"), /epoch 2 of the safe channel/);

  const posts = [];
  her.page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/reports") posts.push(response.status());
  });
  const code = await reporter.send(her.page);
  // The server that took the papers in was started anew, and its door asks for work of its own once (429).
  assert.deepEqual(posts.filter((status) => status !== 429), [409, 201], "refused once, sealed again, taken");
  assert.ok(posts.filter((status) => status === 429).length <= 1, "asked for work at most once");
  await reporter.confirm(her.page, code);

  const centre = await here.visit(t, { language: "it" });
  await operator.signIn(centre.page, { language: "it", account: here.server.account("grace.livorno") });
  const [line] = await operator.readInbox(centre.page);
  await operator.show(centre.page, line);
  const [opened] = await operator.open(centre.page);
  assert.equal(opened.text, text);

  // The answer is written under the new key, and so is her message after the next change.
  await operator.answer(centre.page, "Risposta sotto la nuova chiave.");
  await reporter.openBox(her.page, { language: "it", code: code.code });
  await her.page.fill("#message-text", "Un altro messaggio");
  assert.match(await nextEpoch("livorno", "safe", "elena.livorno"), /epoch 3 of the safe channel/);
  await her.page.click("#message-send");
  await her.page.waitForSelector("#message-sent:not([hidden])");
  assert.equal((await reporter.readBox(her.page)).length, 3);
});
