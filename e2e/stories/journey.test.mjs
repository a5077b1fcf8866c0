// The whole journey in both languages on SQLite, and afterwards the search for what must stand nowhere.

import { test } from "node:test";
import assert from "node:assert/strict";
import * as canary from "../lib/canaries.mjs";
import { wholeJourney } from "../lib/journey.mjs";
import { stage } from "../lib/story.mjs";

const here = stage();
const secrets = [canary.CLIENT_ADDRESS, "CanaryAgent7f3a"];

test("a victim writes by the safe channel and a centre answers, in Italian", async (t) => {
  secrets.push(...(await wholeJourney(here, t, { language: "it", slug: "livorno", door: "a", account: here.server.account("elena.livorno") })));
});

test("a victim writes for general support and an office answers, in English", async (t) => {
  secrets.push(...(await wholeJourney(here, t, { language: "en", slug: "pisa", door: "b", account: here.server.account("marta.pisa") })));
});

test("database, side files and log contain no text, no code, no passphrase, no address", async () => {
  canary.assertSearchWorks();
  assert.ok(secrets.length > 20, "the journeys left something to search for");
  const written = await here.server.written();
  assert.ok(written.some(({ file }) => file.endsWith(".db")) && written.some(({ file }) => file.endsWith("server.log")));
  canary.assertNowhere(written, secrets);
  // The server's own address may stand in the log; nobody else's, and no port of a client.
  const own = new URL(here.server.origin).host;
  for (const { file, bytes } of written) {
    const addresses = bytes.toString("latin1").match(/127\.0\.0\.1:\d+/g) ?? [];
    assert.deepEqual(addresses.filter((address) => address !== own), [], file);
  }
});
