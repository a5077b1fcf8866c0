/**
 * The worker: the only place in a page where a code, a passphrase or a key is kept, and there only inside WebAssembly.
 *
 * It hands the questions of core.ts to crates/browser and knows no rule itself. A refusal of the core is a stable code; anything
 * else that goes wrong is `unknown`.
 */
import init, { Letter, Mailbox, Operator, SignIn } from "../wasm/browser.js";

declare const CORE_ADDRESS: string;
declare const BUILT_AT: number;

type Bytes = Uint8Array<ArrayBuffer>;
type Question = { id: number; question: string; values: unknown[] };

let letter: Letter | null = null;
let mailbox: Mailbox | null = null;
let signIn: SignIn | null = null;
let operator: Operator | null = null;

/** Frees the old handle, whose memory the core wipes, before the new one takes its place. */
function replaced<H extends { free(): void }>(old: H | null, fresh: H | null): H | null {
  old?.free();
  return fresh;
}

function held<H>(handle: H | null): H {
  if (handle === null) throw new Error("asked before anything was verified");
  return handle;
}

const s = (value: unknown): string => value as string;
const n = (value: unknown): number => value as number;
const bytes = (value: unknown): Bytes => value as Bytes;

const answers: Record<string, (...v: unknown[]) => unknown> = {
  start: async () => {
    await init({ module_or_path: CORE_ADDRESS });
  },

  "letter.verify": (address, root, bundle, centre, channel, now) => {
    letter ??= new Letter(BUILT_AT);
    letter.verify(s(address), s(root), s(bundle), s(centre), s(channel), n(now));
  },
  "letter.room": (text, contact, language) => held(letter).room(s(text), s(contact), s(language)),
  "letter.seal": (text, contact, urgent, language, now) => held(letter).seal(s(text), s(contact), urgent === true, s(language), n(now)),
  "letter.acknowledged": () => JSON.parse(held(letter).acknowledged()) as unknown,
  "letter.confirm": (typed) => held(letter).confirm(s(typed)),
  "letter.forget": () => held(letter).forget(),

  "mailbox.verify": (address, root, now) => {
    mailbox = replaced(mailbox, new Mailbox(BUILT_AT, s(address), s(root), n(now)));
  },
  "mailbox.enter": (code) => Array.from(held(mailbox).enter(s(code))),
  "mailbox.request": (nonce, page) => held(mailbox).request(bytes(nonce), n(page)),
  "mailbox.accept": (page, number) => held(mailbox).accept(bytes(page), n(number)),
  "mailbox.centre": () => held(mailbox).centre() ?? null,
  "mailbox.read": (bundle, now) => JSON.parse(held(mailbox).read(s(bundle), n(now))) as unknown,
  "mailbox.room": (text, language) => held(mailbox).room(s(text), s(language)),
  "mailbox.seal": (text, language, now) => held(mailbox).seal(s(text), s(language), n(now)),
  "mailbox.acknowledged": () => JSON.parse(held(mailbox).acknowledged()) as unknown,
  "mailbox.forget": () => held(mailbox).forget(),

  "sign-in.derive": (passphrase, salt) => {
    signIn = replaced(signIn, new SignIn(s(passphrase), s(salt)));
  },
  "sign-in.sign": (nonce, account) => held(signIn).sign(s(nonce), s(account)),
  "sign-in.unlock": (slot) => {
    operator = replaced(operator, held(signIn).unlock(s(slot)));
    signIn = replaced(signIn, null);
  },

  "operator.park": (sessionKey) => held(operator).park(bytes(sessionKey)),
  "operator.resume": (parked, sessionKey) => {
    operator = replaced(operator, Operator.resume(s(parked), bytes(sessionKey)));
  },
  "operator.keys": (keys, person, now) => held(operator).keys(s(keys), s(person), n(now), BUILT_AT),
  "operator.read": (centre, channel, caseId, frames) =>
    JSON.parse(held(operator).read(s(centre), s(channel), s(caseId), frames as string)) as unknown,
  "operator.room": (text) => held(operator).room(s(text)),
  "operator.answer": (kind, text, now) => held(operator).answer(s(kind), s(text), n(now)),
  "operator.close": (reason, note, now) => held(operator).close(s(reason), s(note), n(now)),
  "operator.seal_draft": (draft) => held(operator).seal_draft(s(draft)),
  "operator.open_draft": (sealed) => held(operator).open_draft(s(sealed)),
};

async function answer(asked: Question): Promise<void> {
  try {
    const value = await answers[asked.question]?.(...asked.values);
    postMessage({ id: asked.id, value });
  } catch (cause) {
    postMessage({ id: asked.id, refusal: typeof cause === "string" ? cause : "unknown" });
  }
}

addEventListener("message", (event: MessageEvent<Question>) => void answer(event.data));
