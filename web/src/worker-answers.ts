/** What the two workers share: the loop of questions and answers, and the types that cross the border (core.ts is the other side). */

export type Bytes = Uint8Array<ArrayBuffer>;
export type Answers = Record<string, (...values: unknown[]) => unknown>;
type Question = { id: number; question: string; values: unknown[] };

/** Frees the old handle, whose memory the core wipes, before the new one takes its place. */
export function replaced<H extends { free(): void }>(old: H | null, fresh: H | null): H | null {
  old?.free();
  return fresh;
}

export function held<H>(handle: H | null): H {
  if (handle === null) throw new Error("asked before anything was verified");
  return handle;
}

export const s = (value: unknown): string => value as string;
export const n = (value: unknown): number => value as number;
export const bytes = (value: unknown): Bytes => value as Bytes;

/** Answers every question of the page. A refusal of the core is a stable code; anything else that goes wrong is `unknown`. */
export function serve(answers: Answers): void {
  async function answer(asked: Question): Promise<void> {
    try {
      const value = await answers[asked.question]?.(...asked.values);
      postMessage({ id: asked.id, value });
    } catch (cause) {
      postMessage({ id: asked.id, refusal: typeof cause === "string" ? cause : "unknown" });
    }
  }
  addEventListener("message", (event: MessageEvent<Question>) => void answer(event.data));
}
