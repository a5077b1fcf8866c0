/**
 * The same for several cases, one after the other: each is read, sealed and sent by itself and names the version that the page showed.
 * Whoever was faster keeps the case as it is. What became of each stands beside it, also of those that were never tried.
 */
import { post, refreshKeys, showAt, startOperator } from "./console-core.js";
import type { Opened } from "./console-items.js";
import { dropIdentity } from "./console-session.js";
import type { Core } from "./core.js";
import { Refusal, element, hideRefusal, refusalOf, sentenceOf, showRefusal, text } from "./page.js";

/** After these nothing that follows can work either. */
const ENDING = ["signed-out", "network", "busy", "keys", "certificate", "clock", "expired", "start", "slot", "size"];

export function startSeveral(): void {
  const form = element("several", HTMLFormElement);
  const send = element("several-send", HTMLButtonElement);
  const progress = element("progress", HTMLElement);
  const lines = [...document.querySelectorAll<HTMLElement>("#chosen > [data-case]")];
  const what = form.dataset["do"] ?? "";
  let core: Core | null = null;

  const tell = (line: HTMLElement, outcome: string, values: Record<string, string> = {}): void => {
    line.dataset["outcome"] = outcome;
    const place = line.querySelector<HTMLElement>("[data-part=outcome]");
    if (place !== null) place.textContent = text(`outcome-${outcome}`, values);
  };

  /** Opens a case at the version that was shown, in the core alone; refused with `doubtful` when its chain does not hold. */
  async function read(held: Core, line: HTMLElement): Promise<void> {
    const { case: caseId, centre, channel, version } = line.dataset;
    // With the version: a message that came meanwhile must not be recorded as opened by somebody who has not seen it.
    const answer = await post<{ frames: string[] }>(`/console/reports/${caseId}/open`, { "if-match": version ?? "" }, null);
    const opened = await held.call<Opened>("operator.read", centre, channel, caseId, JSON.stringify(answer.frames));
    const isWhole = opened.items.every((item) => item.text !== null);
    if (opened.incomplete || !isWhole) throw new Refusal("doubtful");
  }

  async function sealed(held: Core, line: HTMLElement): Promise<Uint8Array<ArrayBuffer>> {
    if (what === "acknowledge") return await held.call("operator.answer", "acknowledgement", line.dataset["words"] ?? "", Date.now());
    const reason = element("close-reason", HTMLSelectElement).value;
    return await held.call("operator.close", reason, element("close-note", HTMLTextAreaElement).value, Date.now());
  }

  async function one(held: Core, line: HTMLElement): Promise<void> {
    const place = `/console/reports/${line.dataset["case"]}`;
    const version = line.dataset["version"] ?? "";
    if (what === "wait") {
      await post(`${place}/wait`, { "content-type": "application/json" }, JSON.stringify({ version: Number(version) }));
      return;
    }
    await read(held, line);
    const headers = { "content-type": "application/octet-stream", "if-match": version };
    try {
      await post(`${place}/items`, headers, await sealed(held, line));
    } catch (cause) {
      if (refusalOf(cause).code !== "epoch") throw cause;
      // The channel has a new key: nothing was stored, so the same is sealed once more.
      await refreshKeys(held);
      await post(`${place}/items`, headers, await sealed(held, line));
    }
  }

  async function all(held: Core): Promise<void> {
    let done = 0;
    let end: Refusal | null = null;
    for (const [index, line] of lines.entries()) {
      if (end !== null) {
        tell(line, "not-tried");
        continue;
      }
      progress.textContent = text("progress", { number: String(index + 1), total: String(lines.length) });
      tell(line, "now");
      try {
        await one(held, line);
        tell(line, "done");
        done += 1;
      } catch (cause) {
        const refusal = refusalOf(cause);
        if (["changed", "sequence"].includes(refusal.code)) tell(line, "changed");
        else if (refusal.code === "doubtful") tell(line, "doubtful");
        else tell(line, "failed", { reason: sentenceOf(refusal) });
        if (ENDING.includes(refusal.code)) end = refusal;
      }
    }
    progress.hidden = true;
    const summary = element("several-done", HTMLElement);
    const left = lines.length - done;
    summary.textContent = text(left === 0 ? "all-done" : "some-done", { number: String(done), left: String(left) });
    summary.className = left === 0 ? "good" : "notice";
    summary.hidden = false;
    element("afterwards", HTMLElement).hidden = false;
    summary.focus();
    // What was done stays on the screen, and nothing on it was sealed; whoever goes on from here signs in first.
    if (end?.code === "signed-out") dropIdentity();
  }

  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const held = core;
    if (held === null) return;
    hideRefusal();
    if (what === "close") {
      const reason = element("close-reason", HTMLSelectElement);
      showAt(reason, "close-error", reason.value === "" ? sentenceOf(new Refusal("reason")) : "");
      if (reason.value === "") return;
    }
    // Once: what was done cannot be done again, and what was not is done from the inbox.
    core = null;
    element("confirm", HTMLElement).hidden = true;
    for (const field of form.querySelectorAll<HTMLSelectElement | HTMLTextAreaElement>("select, textarea")) field.disabled = true;
    progress.hidden = false;
    void all(held).finally(() => held.stop());
  });

  void startOperator().then(
    (started) => {
      core = started;
      send.disabled = started === null;
    },
    (cause: unknown) => showRefusal(refusalOf(cause)),
  );
}
