/**
 * The page's side of the worker that holds every secret (protocol section 12): one question, one answer, errors as stable codes.
 *
 * The worker and the WebAssembly core are loaded once, at the start of the page, from one constant address: after a secret is typed
 * nothing is loaded any more (protocol I15).
 */
import { Refusal } from "./page.js";

declare const WORKER_ADDRESS: string;
declare const FILE_WORKER_ADDRESS: string;

/** The worker that holds secrets, or the one that reads, cleans, seals and opens files (docs/adr/0011-files.md). */
type Which = "secrets" | "files";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL(address: string): string };
}

type Reply = { id: number; value: unknown } | { id: number; refusal: string };

const START_MS = 60_000;

export class Core {
  private next = 1;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (refusal: Refusal) => void }>();

  private constructor(private readonly worker: Worker) {
    worker.addEventListener("message", (event: MessageEvent<Reply>) => this.settle(event.data));
    worker.addEventListener("error", () => this.fail());
    worker.addEventListener("messageerror", () => this.fail());
  }

  /** Starts the worker and waits until WebAssembly runs in it. Refused with `start`. */
  static async start(which: Which = "secrets"): Promise<Core> {
    let core: Core;
    try {
      core = new Core(new Worker(workerAddress(which), { type: "module" }));
    } catch {
      throw new Refusal("start");
    }
    const timer = setTimeout(() => core.fail(), START_MS);
    try {
      await core.call("start");
    } catch {
      throw new Refusal("start");
    } finally {
      clearTimeout(timer);
    }
    return core;
  }

  /** Asks the core; refused with the code that the core gives. */
  call<T>(question: string, ...values: unknown[]): Promise<T> {
    const id = this.next++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage({ id, question, values });
    });
  }

  /** Ends the worker: its memory, and every secret in it, is gone. */
  stop(): void {
    this.worker.terminate();
    this.fail();
  }

  private settle(reply: Reply): void {
    const asker = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("refusal" in reply) asker?.reject(new Refusal(reply.refusal));
    else asker?.resolve(reply.value);
  }

  private fail(): void {
    for (const asker of this.waiting.values()) asker.reject(new Refusal("start"));
    this.waiting.clear();
  }
}

/** Made once: the name `approdo` is good for one policy. */
let policy: { createScriptURL(address: string): string } | null = null;

/** The two script addresses that the policy `approdo` lets through; it looks at nothing but which of them is meant. */
function workerAddress(which: Which): string {
  const address = (asked: string): string => (asked === "files" ? FILE_WORKER_ADDRESS : WORKER_ADDRESS);
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (types === undefined) return address(which);
  policy ??= types.createPolicy("approdo", { createScriptURL: address });
  return policy.createScriptURL(which);
}
