// What every story stands on: one server, one browser, and the promise that both are gone afterwards, whatever happened.

import { after, before } from "node:test";
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { launch, visitor } from "./browser.mjs";
import { start } from "./server.mjs";

export const LANGUAGES = ["it", "en"];

/**
 * Declares a server and a browser for the stories of a file.
 * @param {{database?: () => Promise<string>, settings?: Record<string, string>, flags?: string[], prepare?: (stage: object) => Promise<void>}} options
 *   `settings` are variables of the server (docs/configuration.md), `flags` those of the browser; `prepare` is what happened before the stories
 */
export function stage({ database, settings, flags, prepare } = {}) {
  const held = { server: undefined, browser: undefined, visitors: [] };

  before(async () => {
    held.server = await start({ database: database ? await database() : undefined, settings });
    held.browser = await launch(flags);
    await prepare?.(here);
  });

  after(async () => {
    await held.browser?.close();
    const how = await held.server?.stop();
    if (how) await keepLog(held.server.log);
    if (how) assert.deepEqual(how, { code: 0, signal: null }, await readFile(held.server.log, "utf8"));
    await held.server?.erase();
  });

  const here = {
    get server() {
      return held.server;
    },
    get browser() {
      return held.browser;
    },
    /** A fresh visitor of this server, closed at the end of the test. */
    async visit(test, options = {}) {
      const one = await visitor(held.browser, { origin: held.server.origin, ...options });
      test.after(() => one.context.close());
      return one;
    },
  };
  return here;
}

/** The server's log of this file of stories, for whoever has to find out why one failed; git ignores the folder. */
async function keepLog(log) {
  const folder = new URL("../results/", import.meta.url).pathname;
  await mkdir(folder, { recursive: true });
  await copyFile(log, path.join(folder, `${path.basename(process.argv[1], ".test.mjs")}.log`));
}

/** Nothing asked another host, broke the content security policy, or complained in the console. */
export function assertClean({ seen }) {
  assert.deepEqual(seen.foreign, [], "requests to another host");
  assert.deepEqual(seen.violations, [], "violations of the content security policy");
  assert.deepEqual(seen.complaints, [], "errors in the console");
}
