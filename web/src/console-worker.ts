/**
 * The worker of the console: the only place where a passphrase or an operator's keys are kept, and there only inside WebAssembly. A page
 * starts a second one of the same script for files (docs/adr/0011-files.md): that one is never given an operator's keys, only those of
 * the file that it opens.
 *
 * It has a core of its own, so that somebody who writes a report does not download what only operators need (docs/adr/0005).
 */
import init, { FileToOpen, Operator, SignIn } from "../wasm/console/browser.js";
import { type Bytes, bytes, held, n, replaced, s, serve } from "./worker-answers.js";

declare const CORE_ADDRESS: string;
declare const BUILT_AT: number;

let signIn: SignIn | null = null;
let operator: Operator | null = null;
let opening: FileToOpen | null = null;

serve({
  start: async () => {
    await init({ module_or_path: CORE_ADDRESS });
  },

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
  "operator.lives": (told) => JSON.parse(held(operator).lives(s(told))) as unknown,
  "operator.room": (text) => held(operator).room(s(text)),
  "operator.answer": (kind, text, now) => held(operator).answer(s(kind), s(text), n(now)),
  "operator.close": (reason, note, now) => held(operator).close(s(reason), s(note), n(now)),
  "operator.undo": (what, reason, now) => held(operator).undo(s(what), s(reason), n(now)),
  "operator.channels": (now) => JSON.parse(held(operator).channels(n(now))) as unknown,
  "operator.next_epoch": (channel, now) => held(operator).next_epoch(s(channel), n(now)),
  "operator.state_leave": (person, now) => held(operator).state_leave(s(person), n(now)),
  "operator.seal_draft": (draft) => held(operator).seal_draft(s(draft)),
  "operator.open_draft": (sealed) => held(operator).open_draft(s(sealed)),

  /** Says how many chunks to fetch. */
  "open.begin": (entry) => {
    const begun = new FileToOpen(s(entry));
    opening = replaced(opening, begun);
    return begun.count();
  },
  "open.push": (chunk) => held(opening).push(bytes(chunk)) as Bytes,
  /** Refused when what came is not what was sent. */
  "open.end": () => {
    const ended = held(opening);
    // The core takes the handle with it, also when it refuses: there is nothing left to free.
    opening = null;
    return ended.end() as Bytes;
  },
});
