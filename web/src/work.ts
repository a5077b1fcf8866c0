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

/** Tokens that were solved ahead, by subject: each is good once. */
const ahead = new Map<string, { since: number; token: Promise<string | null> }>();

/** The names of the subjects go with what was typed. */
export function forgetWork(): void {
  ahead.clear();
}

document.addEventListener("cleared", forgetWork);

/** Solves a challenge for the subject, unless a fresh one is there or being solved. Fails silently: Send will do it. */
export function workAhead(core: Core, subject: Bytes): void {
  const name = subject.join();
  const known = ahead.get(name);
  if (known !== undefined && isFresh(known.since)) return;
  const token = postBytes(CHALLENGES, new Uint8Array())
    .then((challenge) => core.call<string>("work.solve", challenge, subject))
    .catch(() => {
      ahead.delete(name);
      return null;
    });
  ahead.set(name, { since: Date.now(), token });
}

/**
 * Keeps a solved challenge ready for as long as the page is looked at; ends with the function that it returns. It begins when the fields
 * open and goes by the clock, so that nobody on the line learns whether something is being typed.
 */
export function keepWorkAhead(core: Core, subject: () => Promise<Bytes>): () => void {
  const renew = (): void => {
    if (document.visibilityState !== "visible") return;
    subject().then(
      (known) => workAhead(core, known),
      // The core was ended, or has no memory for it now: Send will say so.
      () => undefined,
    );
  };
  renew();
  const timer = setInterval(renew, GOOD_MS);
  return () => clearInterval(timer);
}

/**
 * Posts, works when the server asks for work, and comes again when it is busy; `say` hears for how many seconds it waits, and null when it
 * goes on. Every other refusal is thrown as `postBytes` throws it.
 */
export async function postWithWork(core: Core, address: string, body: Body, subject: Bytes, say?: (seconds: number | null) => void): Promise<Bytes> {
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
        const wait = refusal.seconds * 1_000 || PAUSE_MS;
        say?.(wait / 1_000);
        await pause(wait);
        say?.(null);
      } else {
        // `work` is between the page and the server; people are told that it is busy.
        throw refusal.code === "work" ? new Refusal("busy") : cause;
      }
    }
  }
}

async function taken(subject: Bytes): Promise<string | null> {
  const name = subject.join();
  const mine = ahead.get(name);
  ahead.delete(name);
  return mine !== undefined && isFresh(mine.since) ? await mine.token : null;
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
