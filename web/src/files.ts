/**
 * Files and voice messages that go with a report or a message: chosen, judged, listed, and sent before it (protocol section 5).
 *
 * A picture is sent without what its file says about place, time and device; the untouched original, and every other kind of file, is
 * sent only where she says so at that file.
 */
import { Core } from "./core.js";
import { sizeOf } from "./files-size.js";
import { type Entry, type Sendable, upload } from "./files-upload.js";
import { Refusal, element, text } from "./page.js";
import { startVoice } from "./voice.js";

/** Files of one report (protocol section 12.8). */
const MOST = 8;
/** Bytes of the longest one. */
const LONGEST = 50 * 1024 * 1024;
/** Bytes of the longest name that fits into the seal. */
const LONGEST_NAME = 255;
/** Room that what is said about one file takes at most in the sealed message, in characters (protocol section 12.2). */
const ROOM_A_FILE = 900;

interface Attachment extends Sendable {
  /** Null while the worker looks at it. */
  cleanable: boolean | null;
  isVoice: boolean;
  line: HTMLElement;
  /** Address of the recording, to listen to it. */
  sound: string | null;
}

export class Attachments {
  private readonly list = element("attach-list", HTMLElement);
  private readonly input = element("attach-file", HTMLInputElement);
  private readonly problem = element("attach-problem", HTMLElement);
  private readonly all: Attachment[] = [];
  private worker: Core | null = null;
  private last = 0;
  private looking: Promise<void> = Promise.resolve();

  constructor() {
    this.input.addEventListener("change", () => {
      const chosen = [...(this.input.files ?? [])];
      this.input.value = "";
      this.say("");
      for (const file of chosen) this.add(file, false);
    });
    startVoice((file) => this.add(file, true));
    document.addEventListener("cleared", () => this.clear());
  }

  /** Starts the worker. To be called before a field opens: nothing is loaded afterwards (protocol I15). */
  async start(): Promise<void> {
    this.worker ??= await Core.start("files");
  }

  /** How many there are. */
  get count(): number {
    return this.all.length;
  }

  /** Refused while one of them waits for her decision, and where beside her words (with so much room left) they do not fit. */
  async check(room: number): Promise<void> {
    await this.looking;
    if (this.undecided() !== undefined) throw new Refusal("file-undecided");
    if (this.all.length > 0 && room < this.all.length * ROOM_A_FILE) throw new Refusal("size");
  }

  /** Seals and sends all that did not arrive before; gives what the report has to say about them. */
  async send(core: Core): Promise<Entry[]> {
    if (this.all.length === 0) return [];
    if (this.worker === null) throw new Refusal("start");
    // As they are now: a tab that is hidden for long is emptied, and what she has sent is sent in whole.
    return await upload(this.worker, core, [...this.all]);
  }

  /** Tells a refusal where the files are, if it is about them. */
  tell({ code }: Refusal): boolean {
    if (!code.startsWith("file")) return false;
    // What was sent before is not there any more: it is sent again next time.
    if (code === "files") for (const one of this.all) one.entry = null;
    element("attach", HTMLDetailsElement).open = true;
    this.say(text(`error-${code}`));
    (this.undecided()?.line.querySelector("input") ?? this.input).focus();
    return true;
  }

  /** Nothing of them stays in the page. */
  clear(): void {
    for (const one of [...this.all]) this.remove(one);
    this.say("");
  }

  /** The worker is ended, and its memory with it. */
  stop(): void {
    this.clear();
    this.worker?.stop();
    this.worker = null;
  }

  private undecided(): Attachment | undefined {
    return this.all.find(({ cleanable, isVoice, track }) => cleanable === false && !isVoice && track !== "original");
  }

  private say(sentence: string): void {
    this.problem.textContent = sentence;
    this.problem.hidden = sentence === "";
    if (sentence === "") this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }

  private add(file: File, isVoice: boolean): void {
    const name = file.name;
    if (this.all.length >= MOST) return this.say(text("file-too-many"));
    if (file.size === 0) return this.say(text("file-empty", { name }));
    if (file.size > LONGEST) return this.say(text("file-too-long", { name }));
    if (new TextEncoder().encode(name).length > LONGEST_NAME) return this.say(text("file-name-too-long", { name: `${name.slice(0, 40)}…` }));
    const template = element("attach-template", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
    const line = template.firstElementChild as HTMLElement;
    const choice = `attach-choice-${++this.last}`;
    line.querySelector("input")?.setAttribute("id", choice);
    line.querySelector("label")?.setAttribute("for", choice);
    const one: Attachment = { file, track: isVoice ? "original" : "clean", entry: null, cleanable: isVoice ? false : null, isVoice, line, sound: null };
    this.all.push(one);
    this.list.append(line);
    this.show(one);
    if (!isVoice) this.looking = this.looking.then(() => this.look(one));
  }

  private async look(one: Attachment): Promise<void> {
    try {
      const found = (await this.worker?.call<object | null>("file.look", one.file)) ?? null;
      one.cleanable = found !== null;
    } catch {
      this.remove(one);
      this.say(text("file-unreadable", { name: one.file.name }));
      return;
    }
    this.show(one);
  }

  private remove(one: Attachment): void {
    const place = this.all.indexOf(one);
    if (place < 0) return;
    this.all.splice(place, 1);
    if (one.sound !== null) URL.revokeObjectURL(one.sound);
    one.line.remove();
  }

  private show(one: Attachment): void {
    const part = (name: string): HTMLElement | null => one.line.querySelector(`[data-part=${name}]`);
    const say = (name: string, sentence: string): void => {
      const slot = part(name);
      if (slot === null) return;
      slot.textContent = sentence;
      slot.hidden = sentence === "";
    };
    const isForced = one.cleanable === false && !one.isVoice;
    say("name", one.file.name);
    say("size", sizeOf(one.file.size));
    say("state", one.isVoice ? text("file-voice") : text(one.cleanable === null ? "file-looking" : one.track === "original" ? "file-original" : isForced ? "file-waits" : "file-clean"));
    say("warning", isForced || (one.track === "original" && !one.isVoice) ? text("file-warning") : "");
    const choice = part("choice");
    const box = one.line.querySelector<HTMLInputElement>("input");
    if (choice !== null && box !== null) {
      choice.hidden = one.isVoice || one.cleanable === null;
      box.checked = one.track === "original";
      say("choice-label", text(isForced ? "file-choose-as-is" : "file-choose-original"));
      box.onchange = () => {
        one.track = box.checked ? "original" : "clean";
        one.entry = null;
        this.say("");
        this.show(one);
      };
    }
    const remove = one.line.querySelector<HTMLButtonElement>("button");
    if (remove !== null) {
      remove.setAttribute("aria-label", text("file-remove", { name: one.file.name }));
      remove.onclick = () => {
        this.remove(one);
        this.input.focus();
      };
    }
    const sound = one.line.querySelector("audio");
    if (one.isVoice && sound !== null && one.sound === null) {
      one.sound = URL.createObjectURL(one.file);
      sound.src = one.sound;
      sound.hidden = false;
    }
  }
}
