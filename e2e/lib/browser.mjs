// Chromium as a visitor has it, with everything recorded that a page must not do: requests to other hosts, violations of
// the content security policy, scripts fetched late, errors in the console.

import { mkdir } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.APPRODO_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1440, height: 900 };

/** Starts one browser; each story opens contexts of its own in it. `flags` are those of a story that needs more, such as a microphone. */
export async function launch(flags = []) {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: [...FLAGS, ...flags] });
}

/**
 * Opens a fresh visitor: no cookies, nothing stored, everything recorded.
 * @param {import("playwright-core").Browser} browser
 * @param {{origin: string, language?: "it"|"en", dark?: boolean, script?: boolean, viewport?: {width: number, height: number}, headers?: Record<string, string>, userAgent?: string}} options
 */
export async function visitor(browser, { origin, language = "it", dark = false, script = true, viewport = DESK, headers, userAgent }) {
  const context = await browser.newContext({
    baseURL: origin,
    locale: language === "it" ? "it-IT" : "en-GB",
    colorScheme: dark ? "dark" : "light",
    javaScriptEnabled: script,
    viewport,
    extraHTTPHeaders: headers,
    userAgent,
    reducedMotion: "reduce",
  });
  const seen = { foreign: [], requests: [], violations: [], complaints: [] };
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol === "data:" || url.protocol === "blob:") return;
    seen.requests.push({ url: url.href, path: url.pathname, method: request.method(), type: request.resourceType(), at: Date.now() });
    if (url.origin !== origin) seen.foreign.push(url.href);
  });
  // Nothing ever leaves this machine: the exit's destination is answered here, anything else is cut off.
  await context.route(
    (url) => url.origin !== origin && url.protocol.startsWith("http"),
    (route) =>
      route.request().isNavigationRequest()
        ? route.fulfill({ status: 200, contentType: "text/html", body: "<!doctype html><title>elsewhere</title><p id=elsewhere>elsewhere" })
        : route.abort(),
  );
  if (script) {
    await context.exposeBinding("__violation", (_source, text) => seen.violations.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        globalThis.__violation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} on ${location.pathname}`);
      });
    });
  }
  context.on("console", (message) => {
    const text = message.text();
    if (/content security policy|trusted type/i.test(text)) seen.violations.push(text);
    else if (message.type() === "error") seen.complaints.push(text);
  });
  context.on("weberror", (error) => seen.complaints.push(String(error.error())));
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.setDefaultNavigationTimeout(20_000);
  return { context, page, seen, language };
}

/** Runs axe on the page as it stands; returns one readable line for each thing it found. */
export async function axe(page) {
  await page.evaluate(AXE);
  const result = await page.evaluate(() =>
    // The cover and the steps that are hidden now are checked when they are shown.
    globalThis.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  return result.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id} (${violation.impact}): ${node.target.join(" ")}: ${node.failureSummary?.replaceAll("\n", " ")}`),
  );
}

/** Keeps a picture of the page for people to look at, at both widths unless told otherwise; git ignores the folder. */
export async function picture(page, name, sizes = [PHONE, DESK]) {
  const folder = new URL("../screenshots/", import.meta.url).pathname;
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const size of sizes) {
    await page.setViewportSize(size);
    await page.screenshot({ path: path.join(folder, `${name}-${size.width}.png`), fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) throw new Error(`${name}: ${overflow} px wider than a screen of ${size.width} px`);
  }
  if (before) await page.setViewportSize(before);
}

/**
 * Looks at the page in light, in dark, and mirrored as for a right-to-left script, and keeps pictures: of the light one at both widths, of
 * the others on a phone; returns what axe finds.
 */
export async function look(page, name) {
  const found = [];
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await axe(page)).map((finding) => `${name}, ${colorScheme}: ${finding}`));
    if (colorScheme === "dark") await picture(page, `${name}-dark`, [PHONE]);
    else await picture(page, name);
  }
  const direction = await page.evaluate(() => document.documentElement.dir);
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await picture(page, `${name}-mirrored`, [PHONE]);
  await page.evaluate((value) => (document.documentElement.dir = value), direction);
  return found;
}
