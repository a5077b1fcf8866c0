/**
 * The worker that reads, cleans and seals files: apart from the one that holds codes and keys, so that the memory of Argon2 and that of
 * a file are never in one module, and gone with it when the upload is done (docs/adr/0011-files.md).
 *
 * A file is read in parts and sealed in parts; no more than a few of them are here at once, whatever its length.
 */
import init, { FileToSend } from "../wasm/public/browser.js";
import { type Bytes, held, s, serve } from "./worker-answers.js";

declare const CORE_ADDRESS: string;

/** Bytes that are read from the device at once. */
const PART = 262_144;

/** The one file that is being sealed now. */
let sending: { file: File; read: number; sealer: FileToSend } | null = null;

async function readPart(file: File, from: number): Promise<Bytes> {
  return new Uint8Array(await file.slice(from, from + PART).arrayBuffer());
}

/** Reads a whole file through what takes its parts. */
async function readThrough(file: File, take: (part: Bytes) => void): Promise<void> {
  for (let from = 0; from < file.size; from += PART) take(await readPart(file, from));
}

function forget(): void {
  sending?.sealer.free();
  sending = null;
}

/** The picture's length once it is clean, and its type; null for what cannot be cleaned. */
async function look(file: File): Promise<{ length: number; type: string } | null> {
  const looking = new FileToSend(file.name, file.type, file.size);
  try {
    await readThrough(file, (part) => looking.survey(part));
    return { length: looking.surveyed(), type: looking.media_type() };
  } catch (cause) {
    // A refusal of the core says that this is no picture it can clean. Anything else is a file that cannot be read any more.
    if (typeof cause === "string") return null;
    throw cause;
  } finally {
    looking.free();
  }
}

/** Makes the file's keys; cleaning reads it once before, to know how long it will be. */
async function begin(file: File, track: string): Promise<{ id: string; count: number; subject: Bytes }> {
  forget();
  const sealer = new FileToSend(file.name, file.type, file.size);
  sending = { file, read: 0, sealer };
  if (track === "clean") {
    await readThrough(file, (part) => sealer.survey(part));
    sealer.surveyed();
  }
  sealer.begin(track === "clean");
  return { id: sealer.id(), count: sealer.count(), subject: sealer.subject() as Bytes };
}

/** The next request to post, or null after the last one. Reads on in the file only as far as that takes. */
async function next(): Promise<{ number: number; body: Bytes } | null> {
  const now = held(sending);
  for (;;) {
    const body = now.sealer.next() as Bytes | undefined;
    if (body !== undefined) return { number: now.sealer.number(), body };
    if (now.sealer.is_done()) return null;
    if (now.read < now.file.size) {
      const part = await readPart(now.file, now.read);
      now.read += part.length;
      now.sealer.push(part);
    } else {
      now.sealer.end();
    }
  }
}

serve({
  start: async () => {
    await init({ module_or_path: CORE_ADDRESS });
  },
  "file.look": (file) => look(file as File),
  "file.begin": (file, track) => begin(file as File, s(track)),
  "file.next": next,
  "file.status": () => held(sending).sealer.status(),
  "file.entry": () => {
    const entry = JSON.parse(held(sending).sealer.entry()) as unknown;
    forget();
    return entry;
  },
  "file.forget": forget,
});
