// How long a browser takes to seal a report, and for the most work that the door asks for, as it is and on a slow device:
// `node bench.mjs ORIGIN FORM ROUNDS`, called by the benchmark (crates/testkit/src/bin/bench/browser.rs). Prints JSON, in milliseconds.
//
// The form is opened as somebody opens it. Then its own worker is asked what the page asks it, and the time from question to answer is
// taken in the page: neither the speed of the network nor that of the server is part of it.

import { launch, visitor } from "./lib/browser.mjs";
import { formReady } from "./lib/reporter.mjs";
import { slowed, slowness } from "./lib/slow.mjs";

const FACTOR = 6;
/** The most that the door asks for (MOST_TRIES in crates/platform/src/door.rs). */
const MOST_TRIES = 8_192;

/** Keeps the page's worker, so that it can be asked, and asks it. Runs in the page. */
function listenIn() {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (...values) {
    globalThis.__worker = this;
    return post.apply(this, values);
  };
  let next = -1;
  globalThis.__ask = (question, ...values) =>
    new Promise((resolve, reject) => {
      const worker = globalThis.__worker;
      const id = next--;
      const begun = performance.now();
      const answered = ({ data }) => {
        if (data.id !== id) return;
        worker.removeEventListener("message", answered);
        if ("refusal" in data) reject(new Error(`${question}: ${data.refusal}`));
        else resolve(performance.now() - begun);
      };
      worker.addEventListener("message", answered);
      post.call(worker, { id, question, values });
    });
}

/** Seals words that were not sealed before, with a code and keys of their own. */
async function seal(page, number) {
  return page.evaluate(async (text) => {
    const language = document.querySelector("form[data-language]").getAttribute("data-language");
    const draft = { text, safe_contact: "", urgent: false, language, safe_word: "", second: null, call_back: null, files: [] };
    await globalThis.__ask("letter.forget");
    return globalThis.__ask("letter.seal", JSON.stringify(draft), Date.now());
  }, `Una segnalazione di prova, la numero ${number}. Non riguarda nessuno.`);
}

/** Solves a challenge of the most tries: 60 bytes, of which the solver reads the number of tries only (protocol section 7.6). */
async function work(page, number) {
  return page.evaluate(
    ([tries, seed]) => {
      const challenge = crypto.getRandomValues(new Uint8Array(60));
      new DataView(challenge.buffer).setUint32(8, tries, true);
      return globalThis.__ask("work.solve", challenge, new Uint8Array(32).fill(seed));
    },
    [MOST_TRIES, number % 256],
  );
}

/** The part of the processor that makes the device really FACTOR times slower: timers come late, so one in FACTOR is not enough. */
async function slowEnough(page) {
  let factor = FACTOR;
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const measured = await slowness(browser, page, factor);
    if (measured >= FACTOR * 1.05) break;
    factor *= (FACTOR * 1.15) / measured;
  }
  return factor;
}

const [origin, form, rounds] = process.argv.slice(2);
const browser = await launch();
try {
  const { page } = await visitor(browser, { origin });
  page.setDefaultTimeout(120_000);
  await page.addInitScript(listenIn);
  await page.goto(form);
  await formReady(page);
  const measured = { seal: [], seal_slow: [], work: [], work_slow: [], slowness: [] };
  // The first of each compiles what the others find compiled.
  await seal(page, 0);
  await work(page, 0);
  const factor = await slowEnough(page);
  for (let number = 1; number <= Number(rounds); number += 1) {
    measured.seal.push(await seal(page, number));
    measured.work.push(await work(page, number));
    measured.slowness.push(await slowness(browser, page, factor));
    measured.seal_slow.push(await slowed(browser, factor, () => seal(page, -number)));
    measured.work_slow.push(await slowed(browser, factor, () => work(page, -number & 255)));
  }
  console.log(JSON.stringify(measured));
} finally {
  await browser.close();
}
