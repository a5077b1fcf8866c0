/** The worker that opens files in the console, apart from the one that holds the operator's keys: it knows the key of one file. */
import init, { FileToOpen } from "../wasm/console/browser.js";
import { type Bytes, bytes, held, replaced, s, serve } from "./worker-answers.js";

declare const CORE_ADDRESS: string;

let opening: FileToOpen | null = null;

serve({
  start: async () => {
    await init({ module_or_path: CORE_ADDRESS });
  },
  /** Says how many chunks to fetch. */
  "open.begin": (entry) => {
    const begun = new FileToOpen(s(entry));
    opening = replaced(opening, begun);
    return begun.count();
  },
  "open.push": (chunk) => held(opening).push(bytes(chunk)) as Bytes,
  /** Refused when what came is not what was sent. */
  "open.end": () => {
    const rest = held(opening).end() as Bytes;
    opening = replaced(opening, null);
    return rest;
  },
  "open.forget": () => {
    opening = replaced(opening, null);
  },
});
