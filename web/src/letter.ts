/**
 * What writing a report and asking for a call share: prepare, verify, seal in the worker, post, and show the code only after the server
 * has acknowledged (protocol sections 4.1, 7.1, 11). Whatever fails, what was typed stays and the same bytes can be sent again.
 */
import { CodeStep, type NewCode } from "./code-step.js";
import { Core } from "./core.js";
import type { Attachments } from "./files.js";
import { Refusal, askBeforeLeaving, element, fetchText, hideRefusal, on, refusalOf, retryOn, sentenceOf, showRefusal, showStage, showStep, text, waitTeller } from "./page.js";
import { keepWorkAhead, postWithWork, workAhead } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

const STEPS = ["step-form", "step-sealing", "step-code", "step-done"] as const;

/** What is sealed, as crates/browser takes it; the same draft gives the same bytes until the core forgets it. */
export interface Draft {
  text: string;
  safe_contact: string;
  urgent: boolean;
  language: string;
  safe_word: string;
  /** The second centre that may open it, among those verified; null for none. */
  second: string | null;
  call_back: { number: string; language: string; windows: { from: string; to: string }[]; if_somebody_else_answers: string } | null;
  /** The entries of the files that were uploaded before. */
  files: unknown[];
}

/** What a form gives: what is typed into it, and where a refusal belongs. */
export interface LetterForm {
  form: HTMLFormElement;
  /** Everything that will be sealed. Called once for each press on Send. */
  gather(): Promise<Draft> | Draft;
  /** The field that a refusal concerns. */
  fieldOf(refusal: Refusal): HTMLElement | null;
  /** After the acknowledgement: nothing that was typed stays in the page. */
  empty(): void;
  /** More papers that must verify before a field opens; the centre and the root are verified already. */
  verifyMore?(core: Core, root: string): Promise<void>;
  /** The fields were emptied from outside. */
  cleared?(): void;
  /** Files and voice messages that go with it. */
  attachments?: Attachments;
}

export class Letter {
  private held: Core | null = null;
  private started: Core | null = null;
  private busy = false;
  private endWork = (): void => undefined;
  private readonly say = waitTeller("waiting");
  private readonly fields = element("fields", HTMLFieldSetElement);
  private readonly step: CodeStep;

  constructor(private readonly page: LetterForm) {
    this.step = new CodeStep(() => this.held, "letter.confirm", () => this.finish());
    on(page.form.id, "submit", () => this.send());
    // public.ts has emptied the fields (hidden for 15 minutes, or the page is left): what the core and this script hold goes too.
    document.addEventListener("cleared", () => this.cleared());
    askBeforeLeaving();
    retryOn(() => this.prepare());
    void this.prepare();
  }

  /** The core, once everything is verified and the fields are open. */
  get core(): Core | null {
    return this.held;
  }

  place(name: string): string {
    return this.page.form.getAttribute(`data-${name}`) ?? "";
  }

  /** Fetches the papers and lets the core verify them; refused when any link is missing. */
  private async verify(core: Core): Promise<void> {
    const [root, bundle] = await Promise.all([fetchText(this.place("root")), fetchText(this.place("bundle"))]);
    await core.call("letter.verify", this.place("root"), root, bundle, this.place("centre"), this.place("channel"), Date.now());
    await this.page.verifyMore?.(core, root);
  }

  private async prepare(): Promise<void> {
    if (this.held !== null || this.busy) return;
    this.busy = true;
    const ready = element("ready", HTMLElement);
    ready.textContent = text("preparing");
    element("not-ready", HTMLElement).hidden = true;
    hideRefusal();
    try {
      this.started ??= await Core.start();
      await Promise.all([this.verify(this.started), this.page.attachments?.start()]);
      const core = (this.held = this.started);
      ready.textContent = text("ready");
      this.fields.disabled = false;
      this.endWork = keepWorkAhead(core, () => core.call<Bytes>("letter.subject"));
    } catch (cause) {
      ready.textContent = "";
      element("not-ready", HTMLElement).hidden = false;
      showRefusal(refusalOf(cause));
    } finally {
      this.busy = false;
    }
  }

  /** The core gives the very same bytes for the very same draft, so that a repeat after a lost answer is recognised as one. */
  private async sealAndPost(core: Core, draft: string): Promise<void> {
    showStage("seal");
    const frame = await core.call<Bytes>("letter.seal", draft, Date.now());
    showStage("send");
    await postWithWork(core, this.place("action"), frame, await core.call<Bytes>("work.subject", frame), this.say);
  }

  /** What can be known before anything is sent: files take minutes, and nobody should wait for a refusal of her words. */
  private async check(core: Core, draft: Draft): Promise<void> {
    const files = this.page.attachments;
    const json = JSON.stringify(draft);
    try {
      await core.call("letter.check", json);
    } catch (cause) {
      // A file or a voice is enough.
      if (refusalOf(cause).code !== "empty" || files === undefined || files.count === 0) throw cause;
    }
    await files?.check(await core.call<number>("letter.room", json));
  }

  private async send(): Promise<void> {
    const core = this.held;
    if (core === null || this.busy) return;
    this.busy = true;
    hideRefusal();
    try {
      const gathered = await this.page.gather();
      await this.check(core, gathered);
      this.fields.disabled = true;
      showStage("check");
      showStep("step-sealing", STEPS);
      const files = (await this.page.attachments?.send(core)) ?? [];
      const draft = JSON.stringify({ ...gathered, files });
      try {
        await this.sealAndPost(core, draft);
      } catch (cause) {
        const { code } = refusalOf(cause);
        if (code !== "epoch" && code !== "sequence") throw cause;
        // A centre changed its key while she wrote: verify what is new, seal the same words again, once.
        showStage("check");
        await this.verify(core);
        await core.call("letter.forget");
        workAhead(core, await core.call<Bytes>("letter.subject"));
        await this.sealAndPost(core, draft);
      }
      this.endWork();
      this.step.show(await core.call<NewCode>("letter.acknowledged"));
      this.page.empty();
      this.page.attachments?.stop();
      showStep("step-code", STEPS);
    } catch (cause) {
      this.fields.disabled = false;
      if (element("step-form", HTMLElement).hidden) showStep("step-form", STEPS);
      const refusal = refusalOf(cause);
      if (this.page.attachments?.tell(refusal) !== true) showRefusal(refusal, this.page.fieldOf(refusal));
    } finally {
      this.busy = false;
    }
  }

  private finish(): void {
    this.held?.stop();
    this.held = null;
    showStep("step-done", STEPS);
  }

  private cleared(): void {
    if (this.busy) return;
    if (this.step.shown) {
      this.step.forget();
      this.finish();
      return;
    }
    void this.held?.call("letter.forget");
    this.page.cleared?.();
    const sentence = sentenceOf(new Refusal("draft"));
    if (sentence !== "") element("error-text", HTMLElement).textContent = sentence;
  }
}
