/**
 * One report in the console: nothing sealed is fetched before *Open*; opening, answering and closing happen in her own browser
 * (protocol sections 4.1, 7.3). Two people at once never overwrite each other: the loser of a race reads again and keeps the text.
 */
import { beforeLock, lock } from "./console-lock.js";
import { keepDraft, keptDraft, parkedIdentity } from "./console-session.js";
import { Core } from "./core.js";
import { Refusal, consoleBytes, consoleCall, consoleText, element, hideRefusal, refusalOf, roomTeller, sentenceOf, showRefusal, text } from "./page.js";

interface Item {
  chain: "conversation" | "notes";
  kind: "report" | "message" | "answer" | "acknowledgement" | "closing";
  text: string | null;
  safe_contact: string | null;
  reason: string | null;
}

interface Opened {
  items: Item[];
  /** The chain as a whole does not hold: something was left out, moved, altered or is not for the person who wrote. */
  incomplete: boolean;
}

/** What she typed and did not send. */
interface Draft {
  answer: string;
  note: string;
}

/** How long she pauses before what she typed is sealed and kept. */
const KEEP_AFTER_MS = 400;

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
  let pause = 0;
  const showRoom = roomTeller(element("answer-room", HTMLElement), async () =>
    core === null ? null : await core.call<number>("operator.room", answerText.value),
  );

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
    if (document.activeElement === document.body) openButton.focus({ preventScroll: true });
  }

  /** The network's papers and her epoch keys, verified and opened in the core. */
  async function refreshKeys(held: Core): Promise<void> {
    const keys = await consoleText(page.dataset["keys"] ?? "");
    await held.call("operator.keys", keys, page.dataset["person"] ?? "", Date.now());
  }

  async function refuse(cause: unknown): Promise<void> {
    const refusal = refusalOf(cause);
    if (refusal.code === "signed-out") await lock("locked");
    else if (refusal.code === "empty") showAt(answerText, "answer-error", sentenceOf(refusal));
    else if (refusal.code === "reason") showAt(closeReason, "close-error", sentenceOf(refusal));
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
    // The style sheet puts away what this state does not know.
    report.dataset["state"] = state;
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
    const contact = opened.items.map((item) => item.safe_contact).filter((said) => said !== null && said !== "").at(-1);
    const contactNow = element("contact", HTMLElement);
    contactNow.textContent = contact === undefined ? text("safe-contact-none") : `${text("safe-contact")} ${contact}`;
    contactNow.hidden = false;
    if (opened.items.some(({ kind }) => kind === "answer" || kind === "acknowledgement")) report.dataset["answered"] = "true";
    element("tail-missing", HTMLElement).hidden = !opened.incomplete;
    element("opened", HTMLElement).hidden = false;
    openButton.hidden = true;
  }

  function say(what: string): void {
    sent.hidden = false;
    sent.textContent = text(what);
    // The button that was pressed may be gone now; what follows here with Tab is the way to the next case.
    sent.focus();
  }

  /** A refusal that concerns one field is told at the field; an empty sentence takes it back. */
  function showAt(field: HTMLElement, slot: string, sentence: string): void {
    const place = element(slot, HTMLElement);
    place.textContent = sentence;
    place.hidden = sentence === "";
    field.setAttribute("aria-invalid", String(sentence !== ""));
    if (sentence !== "") field.focus();
  }

  /** Runs one action at a time; whatever fails, what was typed stays. */
  async function act(what: (held: Core) => Promise<void>): Promise<void> {
    if (core === null || busy) return;
    busy = true;
    hideRefusal();
    showAt(answerText, "answer-error", "");
    showAt(closeReason, "close-error", "");
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
    if (kept === null || answerText.value !== "" || closeNote.value !== "") return;
    try {
      const draft = JSON.parse(await held.call<string>("operator.open_draft", kept)) as Draft;
      answerText.value = draft.answer;
      closeNote.value = draft.note;
    } catch {
      // Sealed by somebody else who used this tab: not hers to open.
      return;
    }
    showRoom();
  }

  /** Keeps what is typed now, sealed; nothing typed forgets it. Done while she types too: a link or Back loses no word. */
  async function keepWords(): Promise<void> {
    if (core === null) return;
    const draft: Draft = { answer: answerText.value, note: closeNote.value };
    const sealed = draft.answer + draft.note === "" ? null : await core.call<string>("operator.seal_draft", JSON.stringify(draft));
    keepDraft(caseId, sealed);
  }

  const open = (): Promise<void> =>
    act(async (held) => {
      opening.hidden = false;
      opening.textContent = text("opening") || opening.textContent;
      await read(held);
      await restoreDraft(held);
      element("conversation-heading", HTMLElement).focus();
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
  }

  const send = (kind: "answer" | "acknowledgement", words: () => string, done: () => void): Promise<void> =>
    act(async (held) => {
      if (words().trim() === "") throw new Refusal("empty");
      await postFrame(held, () => held.call("operator.answer", kind, words(), Date.now()));
      done();
      say("sent");
    });

  const close = (): Promise<void> =>
    act(async (held) => {
      if (closeReason.value === "") throw new Refusal("reason");
      await postFrame(held, () => held.call("operator.close", closeReason.value, closeNote.value, Date.now()));
      closeNote.value = "";
      void keepWords();
      say("sent-closing");
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
      say("sent-waiting");
    });

  async function sealDraft(): Promise<void> {
    clearTimeout(pause);
    await keepWords();
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
  // Without the script the browser itself asks for a reason, in its own words; here ours are used.
  element("close", HTMLFormElement).noValidate = true;
  const acknowledgement = element("acknowledgement-text", HTMLElement);
  on("open", "click", open);
  on("answer", "submit", () =>
    send("answer", () => answerText.value, () => {
      answerText.value = "";
      void keepWords();
    }),
  );
  on("acknowledge", "submit", () => send("acknowledgement", () => (acknowledgement.textContent ?? "").trim(), () => undefined));
  on("wait", "submit", wait);
  on("close", "submit", close);
  answerText.addEventListener("input", showRoom);
  for (const field of [answerText, closeNote]) {
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => void keepWords(), KEEP_AFTER_MS);
    });
  }
  beforeLock(sealDraft);
  void prepare();
}
