/** What the islands share: elements by contract, translated texts, and requests that carry nothing but their body. */

/** The element that the page's template promises; a page without it is a fault of ours and stops the script. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page lacks #${id}`);
  return found;
}

/** A translated text of the page: `data-<name>` of #texts, with `{placeholder}` replaced. No sentence stands in a script. */
export function text(name: string, values: Record<string, string> = {}): string {
  let sentence = document.getElementById("texts")?.getAttribute(`data-${name}`) ?? "";
  for (const [key, value] of Object.entries(values)) sentence = sentence.replace(`{${key}}`, value);
  return sentence;
}

/** A refusal with a stable code: of the core, of the server, or `network` when no answer came. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly reference = "",
    /** What the server asks to be solved first, in base64 (work.ts). */
    readonly challenge = "",
    /** After how many seconds it says to come again; 0 where it does not say. */
    readonly seconds = 0,
  ) {
    super(code);
  }
}

export function refusalOf(cause: unknown): Refusal {
  return cause instanceof Refusal ? cause : new Refusal("unknown");
}

/** A waiting time in the words of the page's language: seconds up to a minute and a half, then whole minutes. */
function waitIn(seconds: number): string {
  const [number, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(number);
}

/** The translated sentence of a refusal; one about the date says which date the device has, one about waiting how long. */
export function sentenceOf(refusal: Refusal): string {
  const date = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" }).format(new Date());
  return text(`error-${refusal.code}`, { reference: refusal.reference, date, wait: waitIn(refusal.seconds) }) || text("error-unknown");
}

/** Listens to one element of the page; what its browser would do by itself is not done. */
export function on(id: string, event: string, act: () => Promise<void> | void): void {
  element(id, HTMLElement).addEventListener(event, (happened) => {
    happened.preventDefault();
    void act();
  });
}

/** Tries again when she asks for it, and by itself when she comes back to the page: perhaps from correcting the date of the device. */
export function retryOn(prepare: () => Promise<void>): void {
  on("try-again", "click", prepare);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && !element("not-ready", HTMLElement).hidden) void prepare();
  });
}

/** Where the box of refusals stands in the page, and the field at which it stands for a while. */
let boxHome: { parent: Node; next: Node | null } | null = null;
let refusedField: { field: HTMLElement; describedBy: string | null } | null = null;

/** Puts the box before the field that it concerns, or back where the page has it; the field says that it is wrong, and why. */
function placeRefusal(field: HTMLElement | null): void {
  const box = element("errors", HTMLElement);
  if (refusedField !== null) {
    const { field: before, describedBy } = refusedField;
    before.removeEventListener("input", hideRefusal);
    before.removeAttribute("aria-invalid");
    if (describedBy === null) before.removeAttribute("aria-describedby");
    else before.setAttribute("aria-describedby", describedBy);
    boxHome?.parent.insertBefore(box, boxHome.next);
    refusedField = null;
  }
  const around = field?.closest(".times, .field, .form-group") ?? field;
  if (field === null || around === null) return;
  if (box.parentNode !== null) boxHome ??= { parent: box.parentNode, next: box.nextSibling };
  around.before(box);
  const describedBy = field.getAttribute("aria-describedby");
  field.setAttribute("aria-describedby", ["error-text", describedBy].filter((id) => id !== null).join(" "));
  field.setAttribute("aria-invalid", "true");
  field.addEventListener("input", hideRefusal);
  refusedField = { field, describedBy };
}

/** Tells a refusal at the field it concerns, which gets the focus until she types on; without a field, in the box itself. */
export function showRefusal(refusal: Refusal, field: HTMLElement | null = null): void {
  placeRefusal(field);
  element("error-text", HTMLElement).textContent = sentenceOf(refusal);
  const box = element("errors", HTMLElement);
  box.hidden = false;
  (field ?? box).focus();
  if (field !== null) box.scrollIntoView({ block: "nearest" });
}

export function hideRefusal(): void {
  element("errors", HTMLElement).hidden = true;
  placeRefusal(null);
}

/** Below this, the room left is worth telling; above it a number only disturbs. */
const LITTLE_ROOM = 2_000;
/** How long she pauses before a screen reader hears how much room is left. */
const ROOM_AFTER_MS = 700;

/** Shows in `slot` how much room is left, once she pauses and only when it is little. The answer runs the measuring again. */
export function roomTeller(slot: HTMLElement, measure: () => Promise<number | null>): () => void {
  let pause = 0;
  const tell = async (): Promise<void> => {
    const room = await measure();
    let sentence = "";
    if (room !== null && room < 0) sentence = text("room-none");
    else if (room !== null && room < LITTLE_ROOM) sentence = text("room-left", { number: String(room) });
    // The same words again would be read out again.
    if (slot.textContent !== sentence) slot.textContent = sentence;
  };
  return () => {
    clearTimeout(pause);
    // The core may be ended while it measures: then nobody needs the answer.
    pause = setTimeout(() => void tell().catch(() => undefined), ROOM_AFTER_MS);
  };
}

/** Asks before a link of this site takes away what was typed and not sent. Leaving the site at once is never asked about. */
export function askBeforeLeaving(): void {
  const ask = (event: MouseEvent): void => {
    const opensElsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
    if (link === null || opensElsewhere || link.id === "exit" || link.origin !== location.origin) return;
    if ((link.getAttribute("href") ?? "").startsWith("#") || link.target !== "") return;
    const fields = document.querySelectorAll<HTMLTextAreaElement | HTMLInputElement>("textarea, input[placeholder]");
    const hasWords = [...fields].some((field) => field.value.trim() !== "");
    if (hasWords && !confirm(text("leave"))) event.preventDefault();
  };
  // Before public.ts, which follows every link that nobody has prevented.
  document.addEventListener("click", ask, { capture: true });
}

/** Which of the stages between Send and the answer is going on. */
export function showStage(stage: "check" | "seal" | "send"): void {
  let state = "done";
  for (const line of element("sealing", HTMLElement).querySelectorAll<HTMLElement>("[data-stage]")) {
    if (line.dataset["stage"] === stage) state = "now";
    line.dataset["state"] = state;
    if (state === "now") state = "later";
  }
}

/** How often a waiting time is told anew: more often would only be noise in a screen reader. */
const TELL_WAIT_MS = 30_000;

/** Says in the element for how long the page waits before it tries again by itself; null puts the sentence away. */
export function waitTeller(id: string): (seconds: number | null) => void {
  const slot = element(id, HTMLElement);
  let telling = 0;
  return (seconds) => {
    clearInterval(telling);
    slot.hidden = seconds === null;
    slot.textContent = "";
    if (seconds === null) return;
    const until = Date.now() + seconds * 1_000;
    const tell = (): void => {
      slot.textContent = text("waiting", { wait: waitIn(Math.max(1, Math.ceil((until - Date.now()) / 1_000))) });
    };
    tell();
    telling = setInterval(tell, TELL_WAIT_MS);
  };
}

/** Exactly one step is visible; focus follows, so that a screen reader announces it. */
export function showStep(id: string, all: readonly string[]): void {
  for (const other of all) element(other, HTMLElement).hidden = other !== id;
  element(id, HTMLElement).focus();
}

const SLOWEST_ANSWER_MS = 90_000;

/** One request with its whole answer; refused with the server's code, or `network` when no whole answer came in time. */
async function request(address: string, init: RequestInit): Promise<Uint8Array<ArrayBuffer>> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), SLOWEST_ANSWER_MS);
  let response: Response;
  let body: Uint8Array<ArrayBuffer>;
  try {
    const rules: RequestInit = { cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" };
    response = await fetch(address, { ...rules, ...init, signal: aborter.signal });
    body = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Refusal("network");
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return body;
  throw refusalIn(body, response.status);
}

function refusalIn(body: Uint8Array, status: number): Refusal {
  try {
    const said = JSON.parse(asText(body)) as Record<string, unknown>;
    const string = (name: string): string => (typeof said[name] === "string" ? said[name] : "");
    const seconds = typeof said["seconds"] === "number" ? said["seconds"] : 0;
    if (string("code") !== "") return new Refusal(string("code"), string("reference"), string("challenge"), seconds);
  } catch {
    // No body, or a proxy answered. The status alone says what to tell.
  }
  if (status === 401) return new Refusal("signed-out");
  return new Refusal(status === 503 || status === 429 ? "busy" : "error");
}

function asText(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Reads a public file as text. No cookie goes with it. */
export async function fetchText(address: string): Promise<string> {
  return asText(await request(address, { credentials: "omit" }));
}

/** Posts bytes without any cookie; returns the answer's bytes. */
export async function postBytes(address: string, body: Uint8Array<ArrayBuffer>, more: Record<string, string> = {}): Promise<Uint8Array<ArrayBuffer>> {
  const headers = { "content-type": "application/octet-stream", ...more };
  return await request(address, { method: "POST", credentials: "omit", headers, body });
}

/** Reads bytes of the console, such as the session key, with the session's cookie. */
export async function consoleBytes(address: string, init: RequestInit = {}): Promise<Uint8Array<ArrayBuffer>> {
  return await request(address, { credentials: "same-origin", ...init });
}

/** Reads text of the console. */
export async function consoleText(address: string): Promise<string> {
  return asText(await consoleBytes(address));
}

/** Calls the console; returns the JSON of the answer, null where it is empty. */
export async function consoleCall<T>(address: string, init: RequestInit): Promise<T> {
  const answer = asText(await consoleBytes(address, { method: "POST", ...init }));
  return (answer === "" ? null : JSON.parse(answer)) as T;
}
