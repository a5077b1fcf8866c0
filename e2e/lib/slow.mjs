// A slow device: every process that runs a page, its workers included, gets the processor for a part of the time only. The throttling
// of the developer tools slows the page alone and leaves its workers, where all the sealing happens, as fast as they were.

import { setTimeout as pause } from "node:timers/promises";

const RUN_MS = 4;

/** The processes of this browser that run pages. */
async function renderers(browser) {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  } finally {
    await session.detach();
  }
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Runs `task` while all pages of the browser have one part in `factor` of the processor. Returns what the task returns. */
export async function slowed(browser, factor, task) {
  const pids = await renderers(browser);
  let ended = false;
  const turns = (async () => {
    while (!ended) {
      signal(pids, "SIGSTOP");
      await pause(RUN_MS * (factor - 1));
      signal(pids, "SIGCONT");
      await pause(RUN_MS);
    }
  })();
  try {
    return await task();
  } finally {
    ended = true;
    await turns;
    signal(pids, "SIGCONT");
  }
}

/** How many times slower a fixed piece of work in the page is with `task`'s surroundings than without: shows that the throttling holds. */
export async function slowness(browser, page, factor) {
  const work = () =>
    page.evaluate(() => {
      const begun = performance.now();
      let sum = 0;
      for (let turn = 0; turn < 60_000_000; turn += 1) sum = (sum + turn * turn) % 1_000_003;
      return [performance.now() - begun, sum];
    });
  const [usual] = await work();
  const [slow] = await slowed(browser, factor, work);
  return slow / usual;
}
