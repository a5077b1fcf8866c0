/**
 * One report in the console: nothing sealed is fetched before *Open*; opening, answering and closing happen in her own browser
 * (protocol sections 4.1, 7.3). Two people at once never overwrite each other: the loser of a race reads again and keeps the text.
 */
import { beforeLock, lock } from "./console-lock.js";
import { keepDraft, keptDraft, parkedIdentity } from "./console-session.js";
import { Core } from "./core.js";
import { Refusal, consoleBytes, consoleCall, consoleText, element, hideRefusal, refusalOf, showRefusal, text } from "./page.js";

interface Item {
  chain: "conversation" | "notes";
  kind: "report" | "message" | "answer" | "acknowledgement" | "closing";
  text: string | null;
  safe_contact: string | null;
  reason: string | null;
}

interface Opened {
  items: Item[];
  /** Her newest item says that she saw more than the server gave: the tail of the conversation was cut. */
  tail_missing: boolean;
}

export function startReport(): void {
  const page = element("console", HTMLElement);
  const report = element("report", HTMLElement);
  const openButton = element("open", HTMLButtonElement);
  const opening = element("opening", HTMLElement);
  const answerText = element("answer-text", HTMLTextAreaElement);
  const closeReason = element("close-reason", HTMLSelectElement);
  const closeNote = element("close-note", HTMLTextAreaElement);
  const sent = element("sent", HTMLElement);
  const caseId = report.dataset["case"] ?? "";
  const csrf = { "x-approdo-csrf": page.dataset["csrf"] ?? "" };

  let core: Core | null = null;
  let busy = false;
  let version = 0;

  async function prepare(): Promise<void> {
    openButton.disabled = true;
    const parked = parkedIdentity();
    if (parked === null) return;
    try {
      const started = await Core.start();
      await started.call("operator.resume", parked, await consoleBytes(page.dataset["sessionKey"] ?? ""));
      await refreshKeys(started);
      core = started;
    } catch (cause) {
      await refuse(cause);
      return;
    }
    openButton.disabled = false;
  }

  /** The network's papers and her epoch keys, verified and opened in the core. */
  async function refreshKeys(held: Core): Promise<void> {
    const keys = await consoleText(page.dataset["keys"] ?? "");
    await held.call("operator.keys", keys, page.dataset["person"] ?? "", Date.now());
  }

  async function refuse(cause: unknown): Promise<void> {
    const refusal = refusalOf(cause);
    if (refusal.code === "signed-out") await lock("locked");
    else showRefusal(refusal);
  }

  async function post<T>(name: "open" | "items" | "wait", headers: Record<string, string>, body: BodyInit | null): Promise<T> {
    return await consoleCall<T>(report.dataset[name] ?? "", { headers: { ...csrf, ...headers }, body });
  }

  async function read(held: Core): Promise<void> {
    const answer = await post<{ version: number; state: string; frames: string[] }>("open", {}, null);
    const place = [report.dataset["centre"], report.dataset["channel"], caseId];
    const opened = await held.call<Opened>("operator.read", ...place, JSON.stringify(answer.frames));
    version = answer.version;
    showState(answer.state);
    showItems(opened);
  }

  function showState(state: string): void {
    const sentence = text(`state-${state}`);
    if (sentence !== "") element("state", HTMLElement).textContent = sentence;
  }

  function showItems(opened: Opened): void {
    const template = element("item-template", HTMLTemplateElement);
    const lists = { conversation: element("items", HTMLElement), notes: element("notes", HTMLElement) };
    for (const list of Object.values(lists)) list.replaceChildren();
    for (const item of opened.items) {
      const line = template.content.cloneNode(true) as DocumentFragment;
      const fill = (part: string, words: string | null): void => {
        const slot = line.querySelector<HTMLElement>(`[data-part=${part}]`);
        if (slot === null) return;
        slot.textContent = words ?? "";
        slot.hidden = words === null || words === "";
      };
      const reason = item.reason === null ? "" : text(`reason-${item.reason}`);
      fill("kind", text(`kind-${item.kind}`));
      fill("text", [reason, item.text].filter((words) => words !== null && words !== "").join("\n"));
      fill("safe-contact", item.safe_contact === null ? null : `${text("safe-contact")} ${item.safe_contact}`);
      fill("unreadable", item.text === null ? text("item-unreadable") : null);
      lists[item.chain].append(line);
    }
    element("tail-missing", HTMLElement).hidden = !opened.tail_missing;
    element("opened", HTMLElement).hidden = false;
    openButton.hidden = true;
  }

  /** Runs one action at a time; whatever fails, what was typed stays. */
  async function act(what: (held: Core) => Promise<void>): Promise<void> {
    if (core === null || busy) return;
    busy = true;
    hideRefusal();
    sent.hidden = true;
    try {
      await what(core);
    } catch (cause) {
      await refuse(cause);
    } finally {
      busy = false;
      opening.hidden = true;
    }
  }

  async function restoreDraft(held: Core): Promise<void> {
    const kept = keptDraft(caseId);
    if (kept === null || answerText.value !== "") return;
    try {
      answerText.value = await held.call<string>("operator.open_draft", kept);
    } catch {
      // Sealed by somebody else who used this tab: not hers to open.
      return;
    }
    keepDraft(caseId, null);
    await showRoom();
  }

  const open = (): Promise<void> =>
    act(async (held) => {
      opening.hidden = false;
      opening.textContent = text("opening") || opening.textContent;
      await read(held);
      await restoreDraft(held);
    });

  async function postFrame(held: Core, seal: () => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
    const headers = { "content-type": "application/octet-stream", "if-match": String(version) };
    try {
      await post("items", headers, await seal());
    } catch (cause) {
      const { code } = refusalOf(cause);
      if (code === "epoch") await refreshKeys(held);
      else if (code !== "sequence" && code !== "changed") throw cause;
      const before = version;
      await read(held);
      // Somebody else wrote meanwhile: she reads it before anything of hers follows. A new key alone is no reason to ask her.
      if (code !== "epoch" || version !== before) throw new Refusal("changed");
      await post("items", { ...headers, "if-match": String(version) }, await seal());
    }
    await read(held);
    sent.textContent = text("sent");
    sent.hidden = false;
  }

  const send = (kind: "answer" | "acknowledgement", words: () => string, done: () => void): Promise<void> =>
    act(async (held) => {
      if (words().trim() === "") throw new Refusal("empty");
      await postFrame(held, () => held.call("operator.answer", kind, words(), Date.now()));
      done();
    });

  const close = (): Promise<void> =>
    act(async (held) => {
      await postFrame(held, () => held.call("operator.close", closeReason.value, closeNote.value, Date.now()));
      closeNote.value = "";
    });

  const wait = (): Promise<void> =>
    act(async (held) => {
      try {
        await post("wait", { "content-type": "application/json" }, JSON.stringify({ version }));
      } catch (cause) {
        if (refusalOf(cause).code === "changed") await read(held);
        throw cause;
      }
      await read(held);
    });

  async function showRoom(): Promise<void> {
    if (core === null) return;
    const room = await core.call<number>("operator.room", answerText.value);
    element("answer-room", HTMLElement).textContent = room < 0 ? text("error-size") : text("room-left", { number: String(room) });
  }

  async function sealDraft(): Promise<void> {
    if (core !== null && answerText.value !== "") {
      keepDraft(caseId, await core.call<string>("operator.seal_draft", answerText.value));
    }
    answerText.value = "";
    closeNote.value = "";
    core?.stop();
    core = null;
  }

  function on(id: string, event: string, run: () => Promise<void>): void {
    element(id, HTMLElement).addEventListener(event, (happened) => {
      happened.preventDefault();
      void run();
    });
  }
  const acknowledgement = element("acknowledgement-text", HTMLElement);
  on("open", "click", open);
  on("answer", "submit", () =>
    send("answer", () => answerText.value, () => {
      answerText.value = "";
      keepDraft(caseId, null);
    }),
  );
  on("acknowledge", "submit", () => send("acknowledgement", () => (acknowledgement.textContent ?? "").trim(), () => undefined));
  on("wait", "submit", wait);
  on("close", "submit", close);
  answerText.addEventListener("input", () => void showRoom());
  beforeLock(sealDraft);
  void prepare();
}
