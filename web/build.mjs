// Builds web/dist: the islands, their workers, the WebAssembly cores, the style sheet and the icon, each under a name that holds the
// hash of its content, beside it the same bytes as .br and .gz, and manifest.json that maps plain names to addresses. The same inputs
// give the same bytes.
//
// Run scripts/wasm.sh first. The build fails on a type error, on a style that would load anything from elsewhere, and above a size limit.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const web = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(web);
const dist = path.join(web, "dist");
/** Beside the packages, which git ignores as well: a build that fails leaves nothing in the way. */
const fresh = path.join(web, "node_modules", ".approdo-dist");

/** Scripts that pages load, by the worker that they start, in the order in which sizes are reported. */
const ISLANDS = { public: null, viewer: null, write: "worker", "call-back": "worker", box: "worker", console: "console-worker" };
/** The worker for files that a page starts beside the other one; in the console a second one of the same script. */
const FILE_WORKERS = { write: "file-worker", box: "file-worker", console: "console-worker" };
/** The core that each worker runs: its address, and the folder of web/wasm that holds it. */
const WORKERS = {
  worker: { core: "approdo.wasm", folder: "public" },
  "file-worker": { core: "approdo.wasm", folder: "public" },
  "console-worker": { core: "approdo-console.wasm", folder: "console" },
};

/** What a visitor downloads before she can type. The page itself is counted with 8 KiB, more than any of ours takes. */
const FORM = ["approdo.css", "public.js", "write.js", "worker.js", "file-worker.js", "icon.svg"];
const BOX = ["approdo.css", "public.js", "box.js", "worker.js", "file-worker.js", "icon.svg", "approdo.wasm"];
const CONSOLE = ["console.css", "console.js", "console-worker.js", "icon.svg", "approdo-console.wasm"];
const PAGE = 8 * 1024;
/** `limit` fails the build, `goal` is marked in the table. All sizes are those of brotli; `gzip` is a goal for that one. */
const BUDGETS = [
  { name: "public.js", assets: ["public.js"], page: 0, limit: 3 * 1024 },
  { name: "write form without WebAssembly", assets: FORM, page: PAGE, limit: 30 * 1024 },
  { name: "write form, everything", assets: [...FORM, "approdo.wasm"], page: PAGE, limit: 180 * 1024, goal: 150 * 1024, gzip: 180 * 1024 },
  { name: "mailbox, everything", assets: BOX, page: PAGE, limit: 180 * 1024, goal: 150 * 1024, gzip: 180 * 1024 },
  { name: "console, everything", assets: CONSOLE, page: PAGE, limit: 210 * 1024 },
];

const manifest = {};
const sizes = new Map();

async function main() {
  for (const { folder } of Object.values(WORKERS)) {
    if (!existsSync(coreIn(folder))) throw new Error(`${coreIn(folder)} is missing: run scripts/wasm.sh`);
  }
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });

  checkTypes();
  const built = await buildTime();
  for (const [worker, { core, folder }] of Object.entries(WORKERS)) {
    const address = await publish(core, await readFile(coreIn(folder)));
    await publish(`${worker}.js`, await bundle(worker, { CORE_ADDRESS: address, BUILT_AT: built }));
  }
  for (const [island, worker] of Object.entries(ISLANDS)) {
    const files = FILE_WORKERS[island];
    const addresses = { WORKER_ADDRESS: manifest[`${worker}.js`] ?? "", FILE_WORKER_ADDRESS: manifest[`${files}.js`] ?? "" };
    await publish(`${island}.js`, await bundle(island, addresses));
  }
  await publish("approdo.css", await styles("public", ["approdo.css"]));
  await publish("console.css", await styles("console", ["approdo.css", "console.css"]));
  await publish("icon.svg", await readFile(path.join(web, "styles", "icon.svg")));

  // The moment of the build: the earliest time that a browser may believe it is (protocol section 3). The workers carry it too.
  await publish("build.json", Buffer.from(`${JSON.stringify({ built: new Date(built * 1000).toISOString() })}\n`));
  await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 2)}\n`);
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
  report();
}

function coreIn(folder) {
  return path.join(web, "wasm", folder, "core.wasm");
}

function checkTypes() {
  const compiler = path.join(web, "node_modules", ".bin", "tsc");
  execFileSync(compiler, ["--noEmit", "--project", path.join(web, "tsconfig.json")], { stdio: "inherit" });
}

/** Seconds since 1970: SOURCE_DATE_EPOCH, else the time of the last commit, else of the newest source: never the wall clock. */
async function buildTime() {
  const fixed = process.env["SOURCE_DATE_EPOCH"];
  if (fixed !== undefined && /^[0-9]+$/.test(fixed)) return Number(fixed);
  try {
    const time = execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    const seconds = Number(time.toString().trim());
    if (seconds > 0) return seconds;
  } catch {
    // No git here, as in an unpacked archive: the sources say when they were written.
  }
  let newest = 0;
  const sources = path.join(web, "src");
  for (const name of await readdir(sources)) {
    newest = Math.max(newest, (await stat(path.join(sources, name))).mtimeMs);
  }
  return Math.floor(newest / 1000);
}

/** One script without imports: a page or worker that runs never fetches another (protocol I15). */
async function bundle(name, constantsOfBuild) {
  const define = Object.fromEntries(Object.entries(constantsOfBuild).map(([key, value]) => [key, JSON.stringify(value)]));
  const result = await build({
    entryPoints: [path.join(web, "src", `${name}.ts`)],
    absWorkingDir: web,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome96", "firefox114", "safari15"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    define,
  });
  const [file] = result.outputFiles;
  return Buffer.from(file.contents);
}

/**
 * Bootstrap Italia without every rule that no page of this part of the site uses, then our own sheets: a page loads one file. Nothing in
 * it loads another: system fonts, inline images.
 */
async function styles(part, sheets) {
  const purge = JSON.parse(await readFile(path.join(web, "styles", "purge.json"), "utf8"));
  const [kept] = await new PurgeCSS().purge({
    css: [path.join(web, "node_modules", "bootstrap-italia", "dist", "css", "bootstrap-italia.min.css")],
    content: [...purge.content, ...(part === "console" ? purge.console : [])].map((pattern) => path.join(root, pattern)),
    safelist: purge.safelist ?? [],
    skippedContentGlobs: part === "console" ? [] : purge.console.map((pattern) => path.join(root, pattern)),
    keyframes: true,
    variables: true,
  });
  const framework = kept.css.replace(/@font-face\s*\{[^}]*\}/g, "").replace(/@charset "[^"]*";/g, "");
  const own = await Promise.all(sheets.map((name) => readFile(path.join(web, "styles", name), "utf8")));
  const { code } = await transform([framework, ...own].join("\n"), {
    loader: "css",
    minify: true,
    legalComments: "none",
    target: ["chrome96", "firefox114", "safari15"],
  });
  const foreign = code.match(/url\((?!["']?data:)[^)]*\)|@import[^;]*;/);
  if (foreign !== null) throw new Error(`the style sheet would load ${foreign[0].slice(0, 80)}`);
  return Buffer.from(code);
}

/** Writes the file and its compressed forms; returns its address. */
async function publish(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const extension = path.extname(name);
  const file = `${path.basename(name, extension)}.${hash}${extension}`;
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  const gzip = gzipSync(content, { level: 9 });
  await writeFile(path.join(fresh, file), content);
  await writeFile(path.join(fresh, `${file}.br`), brotli);
  await writeFile(path.join(fresh, `${file}.gz`), gzip);
  sizes.set(name, { raw: content.length, brotli: brotli.length, gzip: gzip.length });
  manifest[name] = `/static/${file}`;
  return manifest[name];
}

function report() {
  const row = (name, ...numbers) => console.log(name.padEnd(42) + numbers.map((n) => String(n).padStart(10)).join(""));
  row("asset (bytes)", "raw", "brotli", "gzip");
  for (const [name, size] of sizes) row(name, size.raw, size.brotli, size.gzip);
  row("budget (bytes, page included)", "brotli", "limit", "goal", "gzip", "goal");
  const goalOf = (used, goal) => (goal === undefined ? "-" : used > goal ? `${goal} !` : goal);
  let above = false;
  for (const { name, assets, page, limit, goal, gzip } of BUDGETS) {
    const used = (kind) => assets.reduce((sum, asset) => sum + sizes.get(asset)[kind], page);
    row(name, used("brotli"), limit, goalOf(used("brotli"), goal), used("gzip"), goalOf(used("gzip"), gzip));
    above ||= used("brotli") > limit;
  }
  if (above) throw new Error("above the size budget");
}

await main();
