/**
 * The lock (protocol section 6): 10 minutes idle, 60 s continuously hidden, or sign-out. Drafts are first sealed to her own key,
 * then both halves of the parked identity are deleted: hers here, the server's by ending the session.
 *
 * The server ends a session 10 minutes after the last request, and somebody who types makes none. So activity is told to it, at most
 * every four minutes; without activity nothing is sent. This page still locks after 10 minutes idle; where it was closed instead, the
 * server's half ends at most 14 minutes after the last activity.
 */
import { dropIdentity, parkedIdentity } from "./console-session.js";
import { consoleBytes, consoleCall, element, refusalOf } from "./page.js";

/** How often activity is told to the server at most, as a part of the idle time: every four minutes of ten. */
const TELL_EVERY = 0.4;

type Duty = () => Promise<void>;

const before: Duty[] = [];
let locking = false;

/** Something to finish before the identity goes, such as sealing a draft. */
export function beforeLock(duty: Duty): void {
  before.push(duty);
}

/** Ends the session on both sides and goes to the sign-in page. */
export async function lock(how: "locked" | "signed-out"): Promise<void> {
  if (locking) return;
  locking = true;
  const page = element("console", HTMLElement);
  // What is on the screen goes first: sealing and asking the server may take a moment.
  document.getElementById("page")?.setAttribute("hidden", "");
  await Promise.allSettled(before.map((duty) => duty()));
  dropIdentity();
  try {
    await consoleCall(page.dataset["signOut"] ?? "", { headers: { "x-approdo-csrf": page.dataset["csrf"] ?? "" } });
  } catch {
    // Without the half in this browser the server's half opens nothing; its session ends by itself.
  }
  location.replace((page.dataset["signIn"] ?? "/") + (how === "locked" ? "?locked" : ""));
}

export function startLock(): void {
  const page = element("console", HTMLElement);
  const idle = Number(page.dataset["idleSeconds"] ?? "600") * 1_000;
  const hidden = Number(page.dataset["hiddenSeconds"] ?? "60") * 1_000;
  let lastAct = Date.now();
  /** When the server last heard of this page: the request for the page itself comes first. */
  let lastTold = lastAct;
  let hiddenSince: number | null = document.visibilityState === "hidden" ? lastAct : null;

  const renew = async (): Promise<void> => {
    try {
      // Only that it is asked counts: the key itself does not travel.
      await consoleBytes(page.dataset["sessionKey"] ?? "", { method: "HEAD" });
    } catch (cause) {
      // The server has ended the session: seal the draft and sign in again. Anything else is tried again in four minutes.
      if (refusalOf(cause).code === "signed-out") await lock("locked");
    }
  };
  const check = (): void => {
    const now = Date.now();
    if (now - lastAct >= idle || (hiddenSince !== null && now - hiddenSince >= hidden)) void lock("locked");
    else if (!locking && lastAct > lastTold && now - lastTold >= idle * TELL_EVERY) {
      lastTold = now;
      void renew();
    }
  };
  for (const act of ["pointerdown", "keydown", "scroll", "touchstart"]) {
    addEventListener(act, () => {
      check();
      lastAct = Date.now();
    }, { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    check();
    hiddenSince = document.visibilityState === "hidden" ? Date.now() : null;
  });
  setInterval(check, 1_000);
  addEventListener("pageshow", (event) => {
    if (event.persisted && parkedIdentity() === null) void lock("locked");
  });

  document.getElementById("sign-out")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void lock("signed-out");
  });
  if (parkedIdentity() === null) void lock("locked");
}
