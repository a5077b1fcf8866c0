/**
 * The worker of the public pages: the only place in a page where a code or a key is kept, and there only inside WebAssembly.
 *
 * It hands the questions of core.ts to crates/browser and knows no rule itself.
 */
import init, { Letter, Mailbox } from "../wasm/public/browser.js";
import { bytes, held, n, replaced, s, serve } from "./worker-answers.js";

declare const CORE_ADDRESS: string;
declare const BUILT_AT: number;

let letter: Letter | null = null;
let mailbox: Mailbox | null = null;

serve({
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
});
