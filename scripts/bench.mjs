// The measuring half of `make bench`: starts the server on a new SQLite file, posts sealed reports with 1 and with 64 clients, and weighs
// the pages. Prints one table; no figure is an assertion, except the page budgets, which fail the run.
//
// node scripts/bench.mjs PROGRAM FOLDER SLUG, where FOLDER holds demo/public and reports/*.frame, each frame a report of its own to the
// centre SLUG.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import path from "node:path";

const [program, folder, slug] = process.argv.slice(2);
const port = 18_000 + (process.pid % 2_000);
const database = `sqlite:${path.join(folder, "bench.db")}`;
const origin = `http://127.0.0.1:${port}`;

/** One request; resolves to its status and body. */
function ask(agent, method, address, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, method, path: address, agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Memory of the server in MiB: now, and the most it ever had. */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** Posts all frames with so many clients at once; each waits for its answer. */
async function post(frames, clients) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const headers = { "content-type": "application/octet-stream", origin, "sec-fetch-site": "same-origin" };
  const times = [];
  let next = 0;
  let lost = 0;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < frames.length) {
        const frame = frames[next++];
        const sent = performance.now();
        const { status } = await ask(agent, "POST", "/reports", frame, headers);
        times.push(performance.now() - sent);
        if (status !== 201) lost += 1;
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { rate: frames.length / seconds, p50: at(0.5), p99: at(0.99), lost };
}

/** Bytes on the wire of a page and of what it refers to, as a browser that takes brotli gets them; with the core and its worker if asked. */
async function weigh(address, { wasm }) {
  const agent = new http.Agent({ keepAlive: true });
  const size = async (one) => {
    const { status, body } = await ask(agent, "GET", one, undefined, { "accept-encoding": "br" });
    if (status !== 200) throw new Error(`${one} answered ${status}`);
    return body.length;
  };
  const page = (await ask(agent, "GET", address)).body.toString("utf8");
  const parts = new Set([...page.matchAll(/["'](\/static\/[^"']+)["']/g)].map((match) => match[1]));
  const manifest = JSON.parse(readFileSync("web/dist/manifest.json", "utf8"));
  if (wasm) for (const name of ["worker.js", "approdo.wasm"]) parts.add(manifest[name]);
  let total = await size(address);
  for (const part of parts) if (wasm || !part.endsWith(".wasm")) total += await size(part);
  agent.destroy();
  return total / 1024;
}

execFileSync(program, ["migrate", "--database", database], { stdio: ["ignore", "ignore", "inherit"] });
execFileSync(program, ["network", "import", path.join(folder, "demo/public"), "--database", database], { stdio: ["ignore", "ignore", "inherit"] });

const started = performance.now();
const server = spawn(program, ["serve", "--demo", "--database", database, "--listen", `127.0.0.1:${port}`], { stdio: "ignore" });
try {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask(undefined, "GET", "/health").catch(() => undefined);
    if (answer?.status === 200) break;
    if (tries > 2_000 || server.exitCode !== null) throw new Error("the server did not start");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const startTime = (performance.now() - started) / 1000;
  const idle = memory(server.pid);

  const frames = readdirSync(path.join(folder, "reports")).sort().map((name) => readFileSync(path.join(folder, "reports", name)));
  const half = Math.floor(frames.length / 4);
  const one = await post(frames.slice(0, half), 1);
  const many = await post(frames.slice(half), 64);
  const after = memory(server.pid);

  const form = `/it/places/${slug}/b`;
  const pages = [
    ["start page", await weigh("/it/", { wasm: false }), 14],
    ["usable form, without WebAssembly", await weigh(form, { wasm: false }), 30],
    ["form with everything", await weigh(form, { wasm: true }), 180],
  ];

  const lines = [
    ["", "Approdo here", "GlobaLeaks 5.0.15 (measured by us, other day, 2 shared cores)"],
    ["reports a second, 1 client", `${one.rate.toFixed(0)} (p50 ${one.p50.toFixed(1)} ms, p99 ${one.p99.toFixed(1)} ms)`, "0.42"],
    ["reports a second, 64 clients", `${many.rate.toFixed(0)} (p50 ${many.p50.toFixed(1)} ms, p99 ${many.p99.toFixed(1)} ms)`, "with 8 clients 9 of 12 reports failed"],
    ["reports not accepted", `${one.lost + many.lost} of ${frames.length}`, "9 of 12"],
    ["memory idle", `${idle.now.toFixed(0)} MiB`, "128 MB"],
    ["memory after, peak", `${after.now.toFixed(0)} MiB, ${after.peak.toFixed(0)} MiB`, "296 MB peak"],
    ["start to first answer", `${startTime.toFixed(2)} s`, "2.6 to 7.7 s"],
    ...pages.map(([name, size, budget]) => [`${name}, brotli`, `${size.toFixed(1)} KiB (budget ${budget})`, name.startsWith("form") ? "1,139 KiB to a usable form" : ""]),
  ];
  for (const [name, ours, theirs] of lines) console.log(`${name.padEnd(42)} ${ours.padEnd(44)} ${theirs}`);
  console.log("\nAbsolute figures depend on the disk of the machine: compare runs of the same hour only.");

  const heavy = pages.filter(([, size, budget]) => size > budget);
  if (heavy.length > 0 || one.lost + many.lost > 0) {
    console.error(`too heavy: ${heavy.map(([name]) => name).join(", ") || "nothing"}; reports not accepted: ${one.lost + many.lost}`);
    process.exitCode = 1;
  }
} finally {
  server.kill("SIGTERM");
}
