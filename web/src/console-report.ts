/**
 * One report in the console: nothing sealed is fetched before *Open*; opening, answering and closing happen in her own browser
 * (protocol sections 4.1, 7.3). Two people at once never overwrite each other: the loser of a race reads again and keeps the text.
 */
import { showCall } from "./console-call.js";
import { post as call, refreshKeys, showAt, startOperator } from "./console-core.js";
import { ConsoleFiles } from "./console-files.js";
import { showItems } from "./console-items.js";
import type { Opened } from "./console-items.js";
import { restoreUndoWords, showLives, undoWords } from "./console-lives.js";
import type { Lives, ToldLives } from "./console-lives.js";
import { beforeLock, lock } from "./console-lock.js";
import { keepDraft, keepEnds, keptDraft, keptEnds } from "./console-session.js";
import type { Core } from "./core.js";
import { Refusal, element, hideRefusal, refusalOf, roomTeller, sentenceOf, showRefusal, text } from "./page.js";

/** What she typed and did not send. */
interface Draft {
  answer: string;
  note: string;
  /** Reasons for taking something back, by the id of the field. */
  undo?: Record<string, string>;
}

/** How long she pauses before what she typed is sealed and kept. */
const KEEP_AFTER_MS = 400;

export function startReport(): void {
  const report = element("report", HTMLElement);
  const openButton = element("open", HTMLButtonElement);
  const opening = element("opening", HTMLElement);
  const answerText = element("answer-text", HTMLTextAreaElement);
  const closeReason = element("close-reason", HTMLSelectElement);
  const closeNote = element("close-note", HTMLTextAreaElement);
  const sent = element("sent", HTMLElement);
  const caseId = report.dataset["case"] ?? "";

  const files = new ConsoleFiles(caseId);
  let core: Core | null = null;
  let busy = false;
  let version = 0;
  let pause = 0;
  const showRoom = roomTeller(element("answer-room", HTMLElement), async () =>
    core === null ? null : await core.call<number>("operator.room", answerText.value),
  );

  async function prepare(): Promise<void> {
    openButton.disabled = true;
    try {
      const [started] = await Promise.all([startOperator(), files.start()]);
      core = started;
    } catch (cause) {
      await refuse(cause);
      return;
    }
    if (core === null) return;
    openButton.disabled = false;
    if (document.activeElement === document.body) openButton.focus({ preventScroll: true });
  }

  async function refuse(cause: unknown): Promise<void> {
    const refusal = refusalOf(cause);
    if (refusal.code === "signed-out") await lock("locked");
    else if (refusal.code === "empty") showAt(answerText, "answer-error", sentenceOf(refusal));
    else if (refusal.code === "reason") showAt(closeReason, "close-error", sentenceOf(refusal));
    else showRefusal(refusal);
  }

  async function post<T>(name: "open" | "items" | "wait", headers: Record<string, string>, body: BodyInit | null): Promise<T> {
    return await call<T>(report.dataset[name] ?? "", headers, body);
  }

  async function read(held: Core): Promise<void> {
    const answer = await post<{ version: number; state: string; frames: string[] } & ToldLives>("open", {}, null);
    const place = [report.dataset["centre"], report.dataset["channel"], caseId];
    const opened = await held.call<Opened>("operator.read", ...place, JSON.stringify(answer.frames));
    const told = { withdrawn: answer.withdrawn ?? null, undoable: answer.undoable ?? [], notes_before_burn: Number(report.dataset["notesBeforeBurn"] ?? "0") };
    const lives = await held.call<Lives>("operator.lives", JSON.stringify(told));
    version = answer.version;
    showState(answer.state);
    noticeOlder(opened);
    showItems(opened, (entries) => files.list(entries));
    showCall(opened.items);
    showLives(lives, (what, reason) => void undo(what, reason));
    if (opened.items.some(({ kind }) => kind === "answer" || kind === "acknowledgement")) report.dataset["answered"] = "true";
    element("taken-over", HTMLElement).hidden = !opened.taken_over;
    // Whoever opened it as the second centre holds it now.
    document.getElementById("second")?.toggleAttribute("hidden", true);
    element("opened", HTMLElement).hidden = false;
    openButton.hidden = true;
  }

  /** This tab has seen more of the case than it is given now: the server shows an older state (protocol section 7.3). */
  function noticeOlder(opened: Opened): void {
    const before = keptEnds(caseId);
    const { conversation, notes } = opened.ends;
    if (before !== null && (conversation < before.conversation || notes < before.notes)) opened.problems.push("older");
    else keepEnds(caseId, opened.ends);
  }

  function showState(state: string): void {
    const sentence = text(`state-${state}`);
    if (sentence !== "") element("state", HTMLElement).textContent = sentence;
    // The style sheet puts away what this state does not know.
    report.dataset["state"] = state;
  }

  function say(what: string): void {
    sent.hidden = false;
    sent.textContent = text(what);
    // The button that was pressed may be gone now; what follows here with Tab is the way to the next case.
    sent.focus();
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
    if (kept === null || typed() !== "") return;
    try {
      const draft = JSON.parse(await held.call<string>("operator.open_draft", kept)) as Draft;
      answerText.value = draft.answer;
      closeNote.value = draft.note;
      restoreUndoWords(draft.undo ?? {});
    } catch {
      // Sealed by somebody else who used this tab: not hers to open.
      return;
    }
    showRoom();
  }

  function typed(): string {
    return [answerText.value, closeNote.value, ...Object.values(undoWords())].join("");
  }

  /** Keeps what is typed now, sealed; nothing typed forgets it. Done while she types too: a link or Back loses no word. */
  async function keepWords(): Promise<void> {
    if (core === null) return;
    const draft: Draft = { answer: answerText.value, note: closeNote.value, undo: undoWords() };
    const sealed = typed() === "" ? null : await core.call<string>("operator.seal_draft", JSON.stringify(draft));
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

  /** This member's part in taking a rotation or a burn back; the second one of two does it. */
  const undo = (what: string, reason: HTMLTextAreaElement): Promise<void> =>
    act(async (held) => {
      const isEmpty = reason.value.trim() === "";
      showAt(reason, `undo-error-${what}`, isEmpty ? sentenceOf(new Refusal("undo-reason")) : "");
      if (isEmpty) return;
      const words = reason.value;
      await postFrame(held, () => held.call("operator.undo", what, words, Date.now()));
      // The cards were made anew, with what was typed; this has been sent.
      const field = document.getElementById(reason.id);
      if (field instanceof HTMLTextAreaElement) field.value = "";
      void keepWords();
      say("sent-undo");
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
    element("undos", HTMLElement).replaceChildren();
    files.stop();
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
  for (const place of [answerText, closeNote, element("undos", HTMLElement)]) {
    place.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => void keepWords(), KEEP_AFTER_MS);
    });
  }
  beforeLock(sealDraft);
  void prepare();
}
