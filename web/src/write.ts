/**
 * The write page: prepares, verifies, seals in the worker, posts, and shows the code only after the server has acknowledged
 * (protocol sections 4.1, 7.1, 11). Whatever fails, the text stays in its field and the same bytes can be sent again.
 */
import { Core } from "./core.js";
import { Refusal, askBeforeLeaving, element, fetchText, hideRefusal, postBytes, refusalOf, roomTeller, sentenceOf, showRefusal, showStep, text } from "./page.js";

const STEPS = ["step-form", "step-sealing", "step-code", "step-done"] as const;

function startWriting(): void {
  const form = element("write", HTMLFormElement);
  const fields = element("fields", HTMLFieldSetElement);
  const report = element("text", HTMLTextAreaElement);
  const safeContact = element("safe-contact", HTMLTextAreaElement);
  const urgent = element("urgent", HTMLInputElement);
  const ready = element("ready", HTMLElement);

  let core: Core | null = null;
  let sending = false;
  let shown: { code: string; words: [number, number] } | null = null;

  function place(name: string): string {
    return form.getAttribute(`data-${name}`) ?? "";
  }

  /** Fetches the centre's papers and lets the core verify them; refused when any link is missing. */
  async function verify(held: Core): Promise<void> {
    const [root, bundle] = await Promise.all([fetchText(place("root")), fetchText(place("bundle"))]);
    await held.call("letter.verify", place("root"), root, bundle, place("centre"), place("channel"), Date.now());
  }

  async function prepare(): Promise<void> {
    ready.textContent = text("preparing");
    try {
      const started = await Core.start();
      await verify(started);
      core = started;
    } catch (cause) {
      ready.textContent = "";
      element("not-ready", HTMLElement).hidden = false;
      showRefusal(refusalOf(cause));
      return;
    }
    ready.textContent = text("ready");
    fields.disabled = false;
  }

  const showRoom = roomTeller(element("room-left", HTMLElement), async () =>
    core === null ? null : await core.call<number>("letter.room", report.value, safeContact.value, place("language")),
  );

  /** The field that a refusal concerns; too much is told where most was written. */
  function fieldOf(refusal: Refusal): HTMLElement | null {
    if (refusal.code === "empty") return report;
    if (refusal.code !== "size") return null;
    return safeContact.value.length > report.value.length ? safeContact : report;
  }

  function showStage(stage: "check" | "seal" | "send"): void {
    let state = "done";
    for (const line of element("sealing", HTMLElement).querySelectorAll<HTMLElement>("[data-stage]")) {
      if (line.dataset["stage"] === stage) state = "now";
      line.dataset["state"] = state;
      if (state === "now") state = "later";
    }
  }

  /** The core gives the very same bytes for the very same words, so that a repeat after a lost answer is recognised as one. */
  async function sealAndPost(held: Core): Promise<void> {
    showStage("seal");
    const words = [report.value, safeContact.value, urgent.checked, place("language")] as const;
    const frame = await held.call<Uint8Array<ArrayBuffer>>("letter.seal", ...words, Date.now());
    showStage("send");
    await postBytes(place("action"), frame);
  }

  async function send(): Promise<void> {
    if (core === null || sending) return;
    sending = true;
    hideRefusal();
    fields.disabled = true;
    showStage("check");
    showStep("step-sealing", STEPS);
    try {
      try {
        await sealAndPost(core);
      } catch (cause) {
        const { code } = refusalOf(cause);
        if (code !== "epoch" && code !== "sequence") throw cause;
        // The centre changed its key while she wrote: verify what is new, seal the same words again, once.
        showStage("check");
        await verify(core);
        await core.call("letter.forget");
        await sealAndPost(core);
      }
      shown = await core.call<{ code: string; words: [number, number] }>("letter.acknowledged");
      report.value = "";
      safeContact.value = "";
      urgent.checked = false;
      showCode(shown);
    } catch (cause) {
      fields.disabled = false;
      showStep("step-form", STEPS);
      const refusal = refusalOf(cause);
      showRefusal(refusal, fieldOf(refusal));
    } finally {
      sending = false;
    }
  }

  function showCode(receipt: { code: string; words: [number, number] }): void {
    const groups = receipt.code.match(/[0-9]{4}/g) ?? [];
    for (const slot of element("code", HTMLElement).querySelectorAll<HTMLElement>("[data-group]")) {
      slot.textContent = groups[Number(slot.dataset["group"]) - 1] ?? "";
    }
    const list = (element("words", HTMLElement).textContent ?? "").trim().split(/\s+/);
    element("word-1", HTMLElement).textContent = list[receipt.words[0]] ?? "";
    element("word-2", HTMLElement).textContent = list[receipt.words[1]] ?? "";
    showStep("step-code", STEPS);
  }

  function forgetCode(): void {
    shown = null;
    for (const id of ["word-1", "word-2"]) element(id, HTMLElement).textContent = "";
    for (const slot of element("code", HTMLElement).querySelectorAll<HTMLElement>("[data-group]")) slot.textContent = "";
    element("last-group", HTMLInputElement).value = "";
  }

  function finish(): void {
    forgetCode();
    hideRefusal();
    core?.stop();
    core = null;
    showStep("step-done", STEPS);
  }

  async function confirm(): Promise<void> {
    if (core === null || shown === null) return;
    const typed = element("last-group", HTMLInputElement);
    if (await core.call<boolean>("letter.confirm", typed.value)) finish();
    else showRefusal(new Refusal("last-group"), typed);
  }

  function on(id: string, event: string, act: () => Promise<void> | void): void {
    element(id, HTMLElement).addEventListener(event, (happened) => {
      happened.preventDefault();
      void act();
    });
  }

  on("write", "submit", async () => {
    const nothing = new Refusal("empty");
    if ((report.value + safeContact.value).trim() === "") showRefusal(nothing, fieldOf(nothing));
    else await send();
  });
  on("confirm", "submit", confirm);
  on("skip-confirm", "click", finish);
  report.addEventListener("input", showRoom);
  safeContact.addEventListener("input", showRoom);

  // public.ts has emptied the fields (hidden for 15 minutes, or the page is left): what the core and this script hold goes too.
  document.addEventListener("cleared", () => {
    if (sending) return;
    if (shown !== null) finish();
    else {
      void core?.call("letter.forget");
      showRoom();
      const refusal = new Refusal("draft");
      if (sentenceOf(refusal) !== "") element("error-text", HTMLElement).textContent = sentenceOf(refusal);
    }
  });

  askBeforeLeaving();
  void prepare();
}

// A centre that takes nothing at the moment has a page without a form.
if (document.getElementById("write") !== null) startWriting();
