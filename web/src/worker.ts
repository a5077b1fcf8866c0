/**
 * The worker of the public pages: the only place in a page where a code or a key is kept, and there only inside WebAssembly.
 *
 * It hands the questions of core.ts to crates/browser and knows no rule itself.
 */
import init, { Letter, Mailbox, Work, subject_of_frame } from "../wasm/public/browser.js";
import { bytes, held, n, replaced, s, serve } from "./worker-answers.js";

declare const CORE_ADDRESS: string;
declare const BUILT_AT: number;

let letter: Letter | null = null;
let mailbox: Mailbox | null = null;

/** Tries between two looks at what the page asks: a few hundredths of a second on an old phone. */
const TRIES = 10_000;

async function solve(challenge: Uint8Array, subject: Uint8Array): Promise<string> {
  const work = new Work(challenge, subject);
  try {
    for (;;) {
      const token = work.step(TRIES);
      if (token !== undefined) return token;
      await turn();
    }
  } finally {
    work.free();
  }
}

/** Lets waiting questions go first. A timer would wait four thousandths of a second each time; a message does not. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

serve({
  start: async () => {
    await init({ module_or_path: CORE_ADDRESS });
  },

  "letter.verify": (address, root, bundle, centre, channel, now) => {
    letter ??= new Letter(BUILT_AT);
    letter.verify(s(address), s(root), s(bundle), s(centre), s(channel), n(now));
  },
  "letter.second": (bundle, centre, now) => held(letter).verify_second(s(bundle), s(centre), n(now)),
  "letter.subject": () => held(letter).subject(),
  "letter.room": (draft) => held(letter).room(s(draft)),
  "letter.check": (draft) => held(letter).check(s(draft)),
  "letter.seal": (draft, now) => held(letter).seal(s(draft), n(now)),
  "letter.acknowledged": () => JSON.parse(held(letter).acknowledged()) as unknown,
  "letter.confirm": (typed) => held(letter).confirm(s(typed)),
  "letter.forget": () => held(letter).forget(),

  "work.solve": (challenge, subject) => solve(bytes(challenge), bytes(subject)),
  "work.subject": (frame) => subject_of_frame(bytes(frame)),

  "mailbox.verify": (address, root, now) => {
    mailbox = replaced(mailbox, new Mailbox(BUILT_AT, s(address), s(root), n(now)));
  },
  "mailbox.enter": (code) => Array.from(held(mailbox).enter(s(code))),
  "mailbox.subject": () => held(mailbox).subject(),
  "mailbox.request": (nonce, page) => held(mailbox).request(bytes(nonce), n(page)),
  "mailbox.accept": (page, number) => held(mailbox).accept(bytes(page), n(number)),
  "mailbox.centre": () => held(mailbox).centre() ?? null,
  "mailbox.read": (bundle, now) => JSON.parse(held(mailbox).read(s(bundle), n(now))) as unknown,
  "mailbox.openings-accept": (answer, page) => held(mailbox).accept_openings(bytes(answer), n(page)),
  "mailbox.openings": () => JSON.parse(held(mailbox).openings()) as unknown,
  "mailbox.room": (draft) => held(mailbox).room(s(draft)),
  "mailbox.seal": (draft, now) => held(mailbox).seal(s(draft), n(now)),
  "mailbox.acknowledged": () => JSON.parse(held(mailbox).acknowledged()) as unknown,
  "mailbox.change": (word, language, now) => held(mailbox).change(s(word), s(language), n(now)),
  "mailbox.change-subject": () => held(mailbox).change_subject(),
  "mailbox.change-request": (nonce) => held(mailbox).change_request(bytes(nonce)),
  "mailbox.change-arrived": (page) => held(mailbox).change_arrived(bytes(page)),
  "mailbox.changed": () => JSON.parse(held(mailbox).changed()) as unknown,
  "mailbox.is-code": (typed) => held(mailbox).is_code(s(typed)),
  "mailbox.withdraw": (nonce, word, now) => held(mailbox).withdraw(bytes(nonce), s(word), n(now)),
  "mailbox.forget": () => held(mailbox).forget(),
});
