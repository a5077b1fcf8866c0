// Runs the browser stories: `node run.mjs [name…]` runs those whose file name contains one of the names.
//
// Needs: the binaries approdo and approdo-keys in CARGO_TARGET_DIR/debug, web/dist, Chromium, PostgreSQL, and rage in PATH
// (make browser sees to all of it). One demonstration network is made and copied for each file of stories.

import { spawn } from "node:child_process";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { APPRODO, APPRODO_KEYS, ROOT, keys } from "./lib/server.mjs";

for (const [what, file] of [
  ["the server", APPRODO],
  ["the offline tool", APPRODO_KEYS],
  ["the scripts of the pages (make web)", path.join(ROOT, "web/dist/manifest.json")],
]) {
  await access(file).catch(() => {
    console.error(`e2e: ${what} is not built: ${file}`);
    process.exit(1);
  });
}

const folder = path.join(ROOT, "e2e/stories");
const wanted = process.argv.slice(2);
const stories = (await readdir(folder))
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort()
  .map((name) => path.join(folder, name));
if (stories.length === 0) {
  console.error("e2e: no story has such a name");
  process.exit(1);
}

const work = await mkdtemp(path.join(tmpdir(), "approdo-e2e-demo-"));
const demo = path.join(work, "demo");
await keys("demo", "--folder", demo);

const runner = [process.execPath, "--test", "--test-concurrency=2", "--test-timeout=240000", "--test-reporter=spec", ...stories];
const needsPostgres = stories.some((name) => name.endsWith("postgres.test.mjs")) && !process.env.APPRODO_TEST_POSTGRES;
const command = needsPostgres ? [path.join(ROOT, "scripts/with-postgres.sh"), ...runner] : runner;
const child = spawn(command[0], command.slice(1), {
  stdio: "inherit",
  cwd: path.join(ROOT, "e2e"),
  env: { ...process.env, APPRODO_E2E_DEMO: demo },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => child.once("exit", (status) => resolve(status ?? 1)));
await rm(work, { recursive: true, force: true });
process.exit(code);
