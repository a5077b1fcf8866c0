// The real thing: approdo-keys makes a demonstration network, approdo imports it and serves it on a loopback port.

import { spawn, execFile } from "node:child_process";
import { createServer } from "node:net";
import { cp, mkdtemp, readFile, readdir, rm, stat, mkdir } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const ROOT = new URL("../../", import.meta.url).pathname;
const PROFILE = process.env.APPRODO_PROFILE ?? "debug";
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");

export const APPRODO = path.join(TARGET, PROFILE, "approdo");
export const APPRODO_KEYS = path.join(TARGET, PROFILE, "approdo-keys");

/** Runs the offline tool and returns what it printed. */
export async function keys(...parameters) {
  const { stdout } = await run(APPRODO_KEYS, parameters, { cwd: ROOT, maxBuffer: 1 << 24 });
  return stdout;
}

/** A port nobody listens on at this moment. */
async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** What stories run as unless they say otherwise: nobody needs an authenticator to sign in (docs/configuration.md). */
const SETTINGS = { APPRODO_DEMO: "true", APPRODO_SESSION__SECOND_FACTOR: "offered" };

/** The variables a child gets: none of a developer's own APPRODO_ settings may leak into a story. */
function environment(extra = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("APPRODO_")));
  return { ...clean, ...SETTINGS, ...extra };
}

/** Starts the server and waits until it answers. */
async function serve({ address, origin, folder, log, settings }) {
  const sink = createWriteStream(log, { flags: "a" });
  const parameters = ["serve", "--demo", "--database", address, "--listen", new URL(origin).host, "--origin", origin];
  const child = spawn(APPRODO, parameters, { cwd: folder, env: environment(settings), stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(sink, { end: false });
  child.stderr.pipe(sink, { end: false });
  let gone;
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve((gone = { code, signal }))));
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (gone) throw new Error(`approdo stopped at once (${JSON.stringify(gone)}):\n${await readFile(log, "utf8")}`);
    try {
      if ((await fetch(`${origin}/health`)).ok) break;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) throw new Error(`approdo did not answer within 30 s:\n${await readFile(log, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    pid: child.pid,
    async stop() {
      if (!gone) child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      const how = await ended;
      clearTimeout(late);
      sink.end();
      return how;
    },
  };
}

/**
 * Makes a demonstration, imports it and serves it.
 * @param {{database?: string, settings?: Record<string, string>}} options  an address such as postgres://…, without one a new SQLite file;
 *   further variables of the server
 */
export async function start({ database, settings } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "approdo-e2e-"));
  const demo = path.join(folder, "demo");
  const template = process.env.APPRODO_E2E_DEMO;
  if (template) await cp(template, demo, { recursive: true });
  else await keys("demo", "--folder", demo);

  const store = path.join(folder, "store");
  await mkdir(store, { mode: 0o700 });
  const address = database ?? `sqlite:${path.join(store, "approdo.db")}`;
  await run(APPRODO, ["network", "import", path.join(demo, "public"), "--database", address], { cwd: folder, env: environment() });

  const origin = `http://127.0.0.1:${await freePort()}`;
  const log = path.join(folder, "server.log");
  let running = await serve({ address, origin, folder, log, settings });

  const accounts = JSON.parse(await readFile(path.join(demo, "private", "accounts.json"), "utf8"));
  return {
    origin,
    folder,
    demo,
    store,
    log,
    pid: running.pid,
    account: (name) => accounts.find((one) => one.account === name),
    centre: async (slug) => JSON.parse(await readFile(path.join(demo, "public", slug, "centre.json"), "utf8")),
    /** Everything the server ever wrote: the database with its side files, and the log. */
    async written() {
      const files = [log];
      for (const name of await readdir(store)) if ((await stat(path.join(store, name))).isFile()) files.push(path.join(store, name));
      return Promise.all(files.map(async (file) => ({ file, bytes: await readFile(file) })));
    },
    /** Takes in what the offline tool has published since, as its operator does: import, then a new start on the same port. */
    async takeIn() {
      await running.stop();
      await run(APPRODO, ["network", "import", path.join(demo, "public"), "--database", address], { cwd: folder, env: environment() });
      running = await serve({ address, origin, folder, log, settings });
    },
    /** Runs another command beside the server, with further variables; resolves to how it ended and what it said. */
    async command(parameters, more = {}) {
      const env = environment({ ...settings, APPRODO_PUBLIC_URL: origin, ...more });
      const words = [...parameters, "--database", address];
      return run(APPRODO, words, { cwd: folder, env }).then(
        ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
        ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
      );
    },
    /** Ends the server as its host would; resolves to how it ended. */
    stop: () => running.stop(),
    async erase() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
