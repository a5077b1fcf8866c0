// The same journey with PostgreSQL behind the server: `approdo serve --database postgres://…`.

import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as canary from "../lib/canaries.mjs";
import { wholeJourney } from "../lib/journey.mjs";
import { stage } from "../lib/story.mjs";

// scripts/with-postgres.sh started a server of its own and says where.
const administrator = process.env.APPRODO_TEST_POSTGRES;
const name = `journey_${process.pid}`;

/** Runs one statement, or dumps a database, with PostgreSQL's own programs. */
function program(command, ...parameters) {
  return execFileSync(command, parameters, { maxBuffer: 1 << 28 });
}

async function database() {
  assert.ok(administrator, "run through scripts/with-postgres.sh");
  program("psql", administrator, "--quiet", "--command", `CREATE DATABASE ${name}`);
  const address = new URL(administrator);
  address.pathname = `/${name}`;
  return address.href;
}

const here = stage({ database });

test("the whole journey on PostgreSQL, and the dump and the log contain nothing of it", async (t) => {
  const texts = await wholeJourney(here, t, { language: "it", slug: "mantova", door: "a", account: here.server.account("chiara.mantova") });
  const address = new URL(administrator);
  address.pathname = `/${name}`;
  const dump = program("pg_dump", "--inserts", address.href);
  assert.match(dump.toString("utf8"), /INSERT INTO/);
  const written = [...(await here.server.written()), { file: "dump of PostgreSQL", bytes: dump }];
  canary.assertNowhere(written, [...texts, canary.CLIENT_ADDRESS, "CanaryAgent7f3a"]);
});
