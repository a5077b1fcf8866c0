/**
 * The files of an opened item: listed as text, opened in a worker, looked at in a frame of its own origin or saved
 * (docs/adr/0011-files.md). Nothing of a file is fetched before she asks for it.
 */
import { Core } from "./core.js";
import { sizeOf } from "./files-size.js";
import { consoleBytes, element, refusalOf, sentenceOf, text } from "./page.js";

/** What the item says about a file. */
export interface FileEntry {
  file: string;
  secret: string;
  name: string;
  media_type: string;
  track: "clean" | "original";
  length: number;
  sealed_length: number;
  sealed_hash: string;
}

/** How long the frame may take to say that it is there and that it shows the file. */
const SLOWEST_FRAME_MS = 15_000;
/** A share of a file after which a screen reader hears of it again. */
const STEP_PERCENT = 10;

/** Types that the viewer shows. A name or type that lies about its file shows nothing there. */
const VIEWABLE = ["image/jpeg", "image/png", "image/webp", "audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg"];

export class ConsoleFiles {
  private core: Core | null = null;
  private busy = false;
  private readonly given: string[] = [];
  private readonly viewer = element("viewer", HTMLDialogElement);

  constructor(private readonly caseId: string) {
    element("viewer-close", HTMLButtonElement).addEventListener("click", () => this.viewer.close());
    // Also after Esc. Nothing of the file stays; the browser gives the focus back to the button that opened it.
    this.viewer.addEventListener("close", () => element("viewer-frame", HTMLIFrameElement).removeAttribute("src"));
  }

  /** Starts the worker, before anything is opened. */
  async start(): Promise<void> {
    this.core ??= await Core.start("files");
  }

  /** Ends the worker and takes back everything that was shown. */
  stop(): void {
    this.viewer.close();
    for (const address of this.given.splice(0)) URL.revokeObjectURL(address);
    this.core?.stop();
    this.core = null;
  }

  /** The list of an item's files, or null where it has none. */
  list(entries: readonly FileEntry[]): HTMLElement | null {
    if (entries.length === 0) return null;
    const whole = element("files-template", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
    const list = whole.querySelector("ul");
    for (const entry of entries) list?.append(this.line(entry));
    return whole.firstElementChild as HTMLElement;
  }

  private line(entry: FileEntry): DocumentFragment {
    const line = element("file-template", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
    const part = <E extends HTMLElement>(name: string): E | null => line.querySelector<E>(`[data-part=${name}]`);
    const fill = (name: string, words: string): void => {
      const slot = part(name);
      if (slot !== null) slot.textContent = words;
    };
    fill("name", entry.name);
    fill("about", `${sizeOf(entry.length)} · ${entry.media_type === "" ? text("file-no-type") : entry.media_type} · ${text(`file-track-${entry.track}`)}`);
    const isViewable = VIEWABLE.includes(entry.media_type);
    const warning = part("warning");
    if (warning !== null) warning.hidden = isViewable;
    line.querySelector("li")?.setAttribute("data-track", entry.track);
    const state = part("state");
    const say = (sentence: string): void => {
      if (state !== null) state.textContent = sentence;
    };
    const view = part<HTMLButtonElement>("view");
    const save = part<HTMLButtonElement>("save");
    if (view !== null) {
      view.hidden = !isViewable;
      view.setAttribute("aria-label", text("file-view-named", { name: entry.name }));
      view.onclick = () => void this.use(entry, say, (file) => this.view(file, entry.name, say));
    }
    if (save !== null) {
      save.setAttribute("aria-label", text("file-save-named", { name: entry.name }));
      save.onclick = () => void this.use(entry, say, (file) => this.save(file, entry.name));
    }
    return line;
  }

  private async use(entry: FileEntry, say: (sentence: string) => void, then: (file: Blob) => Promise<void> | void): Promise<void> {
    if (this.busy || this.core === null) return;
    this.busy = true;
    try {
      const file = await this.open(this.core, entry, say);
      say("");
      await then(file);
    } catch (cause) {
      const refusal = refusalOf(cause);
      say(refusal.code === "malformed" ? text("file-damaged") : sentenceOf(refusal));
    } finally {
      this.busy = false;
    }
  }

  /** Fetches and opens chunk by chunk; nothing is shown before the whole has been compared with what she sent. */
  private async open(core: Core, entry: FileEntry, say: (sentence: string) => void): Promise<Blob> {
    const count = await core.call<number>("open.begin", JSON.stringify(entry));
    const parts: Blob[] = [];
    const keep = (part: Uint8Array<ArrayBuffer>): void => {
      // A blob lies outside of this page's memory.
      if (part.length > 0) parts.push(new Blob([part]));
    };
    let told = -STEP_PERCENT;
    for (let number = 0; number < count; number += 1) {
      const percent = Math.round((100 * number) / count);
      if (percent >= told + STEP_PERCENT) say(text("file-opening", { number: String((told = percent)) }));
      const chunk = await consoleBytes(`/console/reports/${this.caseId}/files/${entry.file}/${number}`);
      keep(await core.call("open.push", chunk));
    }
    keep(await core.call("open.end"));
    const type = VIEWABLE.includes(entry.media_type) ? entry.media_type : "application/octet-stream";
    return new Blob(parts, { type });
  }

  /** Always as bytes to save, whatever it says it is: no browser shows it by itself. */
  private save(file: Blob, name: string): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
    link.download = name;
    this.given.push(link.href);
    link.click();
  }

  private async view(file: Blob, name: string, say: (sentence: string) => void): Promise<void> {
    const frame = element("viewer-frame", HTMLIFrameElement);
    element("viewer-name", HTMLElement).textContent = name;
    this.viewer.showModal();
    const heard = await new Promise<string>((resolve) => {
      const end = (how: string): void => {
        clearTimeout(late);
        removeEventListener("message", hear);
        this.viewer.removeEventListener("close", closed);
        resolve(how);
      };
      const hear = (event: MessageEvent<unknown>): void => {
        if (event.source !== frame.contentWindow || typeof event.data !== "string") return;
        // Its origin is nobody's, so no other name fits; the frame is the one that this page made.
        if (event.data === "ready") frame.contentWindow?.postMessage({ file, name }, "*");
        else end(event.data);
      };
      const closed = (): void => end("closed");
      const late = setTimeout(() => end("late"), SLOWEST_FRAME_MS);
      addEventListener("message", hear);
      this.viewer.addEventListener("close", closed);
      // A new page for each file: nothing of one is there for the next.
      frame.src = frame.dataset["viewer"] ?? "";
    });
    if (heard === "shown" || heard === "closed") return;
    this.viewer.close();
    say(text("file-not-viewable"));
  }
}
