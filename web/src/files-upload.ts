/** Sends sealed files piece by piece before the report is sent; after a lost connection it goes on where the server is. */
import type { Core } from "./core.js";
import { Refusal, element, postBytes, refusalOf, text, waitTeller } from "./page.js";
import { postWithWork, workAhead } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Refusals that pass by themselves: the same part can be sent again. */
const PASSING = new Set(["network", "busy", "error"]);

/** What a report says about a file, as crates/browser makes it: the page only carries it. */
export type Entry = Record<string, unknown>;

/** What the worker knows of a file that it seals. */
interface Begun {
  id: string;
  count: number;
  subject: Bytes;
}

/** The part of the page that shows how far it is, with the ways to stop it and to go on. */
class Progress {
  private readonly box = element("upload", HTMLElement);
  private readonly label = element("upload-label", HTMLElement);
  private readonly bar = element("upload-progress", HTMLProgressElement);
  private readonly paused = element("upload-paused", HTMLElement);
  private readonly goOn = element("upload-continue", HTMLButtonElement);
  private readonly cancel = element("upload-cancel", HTMLButtonElement);
  readonly sayWaiting = waitTeller("upload-waiting");
  private isCancelled = false;
  private wake: (() => void) | null = null;

  constructor() {
    this.goOn.onclick = () => this.resume();
    this.cancel.onclick = () => {
      this.isCancelled = true;
      this.resume();
    };
    this.box.hidden = false;
  }

  file(number: number, of: number): void {
    this.label.textContent = text("file-sending", { number: String(number), count: String(of) });
    this.bar.value = 0;
  }

  part(done: number, of: number): void {
    this.bar.max = of;
    this.bar.value = done;
    if (this.isCancelled) throw new Refusal("file-cancelled");
  }

  /** The connection is lost: waits until she goes on or stops, or until the browser says that it is back. */
  async pause(): Promise<void> {
    this.paused.hidden = false;
    this.goOn.hidden = false;
    this.goOn.focus();
    const back = (): void => this.resume();
    addEventListener("online", back);
    await new Promise<void>((resolve) => (this.wake = resolve));
    removeEventListener("online", back);
    this.paused.hidden = true;
    this.goOn.hidden = true;
    if (this.isCancelled) throw new Refusal("file-cancelled");
  }

  end(): void {
    this.box.hidden = true;
    this.goOn.onclick = null;
    this.cancel.onclick = null;
  }

  private resume(): void {
    this.wake?.();
    this.wake = null;
  }
}

/** A file to send, with the entry it got when it arrived. */
export interface Sendable {
  file: File;
  track: "clean" | "original";
  entry: Entry | null;
}

/** Sends all of them, one after the other; those that arrived before are not sent again. `core` solves what the door asks. */
export async function upload(files: Core, core: Core, all: readonly Sendable[]): Promise<Entry[]> {
  const progress = new Progress();
  try {
    for (const [index, one] of all.entries()) {
      if (one.entry !== null) continue;
      progress.file(index + 1, all.length);
      one.entry = await sendOne(files, core, one, progress);
    }
    return all.flatMap(({ entry }) => (entry === null ? [] : [entry]));
  } finally {
    progress.end();
    await files.call("file.forget");
  }
}

async function sendOne(files: Core, core: Core, one: Sendable, progress: Progress): Promise<Entry> {
  const begun = await files.call<Begun>("file.begin", one.file, one.track);
  // A quarter of a megabyte should not go over the line only to hear that work comes first.
  workAhead(core, begun.subject);
  progress.part(0, begun.count);
  for (;;) {
    const next = await files.call<{ number: number; body: Bytes } | null>("file.next");
    if (next === null) return await files.call<Entry>("file.entry");
    await sendPart(files, core, begun, next, progress);
    progress.part(next.number + 1, begun.count);
  }
}

/** Until this part is there. An answer may have got lost on the way back, so the server is asked before it is sent again. */
async function sendPart(files: Core, core: Core, begun: Begun, part: { number: number; body: Bytes }, progress: Progress): Promise<void> {
  const address = `/files/${begun.id}`;
  let isThere = false;
  while (!isThere) {
    try {
      if (part.number === 0) await postWithWork(core, `${address}/0`, part.body, begun.subject, progress.sayWaiting);
      else await postBytes(`${address}/${part.number}`, part.body);
      isThere = true;
    } catch (cause) {
      if (!PASSING.has(refusalOf(cause).code)) throw cause;
      await progress.pause();
      isThere = await isKept(files, address, part.number);
    }
  }
}

async function isKept(files: Core, address: string, number: number): Promise<boolean> {
  try {
    const status = await postBytes(`${address}/status`, await files.call<Bytes>("file.status"));
    const { chunks } = JSON.parse(new TextDecoder().decode(status)) as { chunks: number[] };
    return chunks.includes(number);
  } catch (cause) {
    if (!PASSING.has(refusalOf(cause).code)) throw cause;
    return false;
  }
}
