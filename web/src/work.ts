/**
 * The work before a post, and waiting for one's turn (protocol section 7.6): done in the worker while she types, renewed by itself, and
 * never a reason to lose what was typed.
 */
import type { Core } from "./core.js";
import { Refusal, postBytes, refusalOf } from "./page.js";

type Bytes = Uint8Array<ArrayBuffer>;
/** What is posted, or how it is made: a request with a nonce of a minute is made anew after waiting. */
type Body = Bytes | (() => Promise<Bytes>);

const CHALLENGES = "/work";
const HEADER = "x-approdo-work";
/** A challenge can be redeemed for ten minutes; one that has less than half a minute left is not worth carrying. */
const GOOD_MS = 570_000;
/** Nobody waits longer than the farthest appointment that the server gives, and a little for coming late. */
const PATIENCE_MS = 330_000;
/** Without a time from the server, as from a database that is busy. */
const PAUSE_MS = 3_000;
/** More rounds of work than the door ever asks for; beyond that something is wrong. */
const MOST_ROUNDS = 8;

/** The token that was solved ahead: for one subject, once. */
let ahead: { subject: string; since: number; token: Promise<string | null> } | null = null;

document.addEventListener("cleared", () => {
  ahead = null;
});

/** While she types: solves a challenge for the subject, unless a fresh one is there or being solved. Fails silently: Send will do it. */
export function workAhead(core: Core, subject: Bytes): void {
  const name = subject.join();
  if (ahead !== null && ahead.subject === name && isFresh(ahead.since)) return;
  const token = postBytes(CHALLENGES, new Uint8Array())
    .then((challenge) => core.call<string>("work.solve", challenge, subject))
    .catch(() => {
      ahead = null;
      return null;
    });
  ahead = { subject: name, since: Date.now(), token };
}

/**
 * Posts, works when the server asks for work, and comes again when it is busy; `say(true)` while it waits, `say(false)` when it goes on.
 * Every other refusal is thrown as `postBytes` throws it.
 */
export async function postWithWork(core: Core, address: string, body: Body, subject: Bytes, say?: (waiting: boolean) => void): Promise<Bytes> {
  const until = Date.now() + PATIENCE_MS;
  let token = await taken(subject);
  let rounds = 0;
  for (;;) {
    try {
      return await postBytes(address, typeof body === "function" ? await body() : body, token === null ? {} : { [HEADER]: token });
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal.challenge !== "" && rounds < MOST_ROUNDS) {
        rounds += 1;
        token = await core.call<string>("work.solve", fromBase64(refusal.challenge), subject);
      } else if (refusal.code === "busy" && Date.now() < until) {
        say?.(true);
        await pause(refusal.seconds * 1_000 || PAUSE_MS);
        say?.(false);
      } else {
        // `work` is between the page and the server; people are told that it is busy.
        throw refusal.code === "work" ? new Refusal("busy") : cause;
      }
    }
  }
}

async function taken(subject: Bytes): Promise<string | null> {
  const mine = ahead;
  if (mine === null || mine.subject !== subject.join()) return null;
  ahead = null;
  return isFresh(mine.since) ? await mine.token : null;
}

/** Also after the device's clock was set back: an age that cannot be known is no age. */
function isFresh(since: number): boolean {
  return Math.abs(Date.now() - since) < GOOD_MS;
}

function fromBase64(text: string): Bytes {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
