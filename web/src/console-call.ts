/** "Call me back": the number, when it is safe to use it, and what to say if somebody else answers. Shown before everything else. */
import type { CallBack, Item } from "./console-items.js";
import { element, text } from "./page.js";

/** How often the page looks at the clock. */
const LOOK_EVERY_MS = 20_000;
/** The hours are those of the country where the centre is, wherever this device is. */
const ZONE = "Europe/Rome";

let looking = 0;

/** Shows the latest call-back that was asked for, or nothing. */
export function showCall(items: readonly Item[]): void {
  clearInterval(looking);
  const call = items.map((item) => item.call_back).filter((asked) => asked !== null).at(-1);
  const place = element("call", HTMLElement);
  place.hidden = call === undefined;
  if (call === undefined) return;
  element("call-language", HTMLElement).textContent = text(`language-${call.language}`) || call.language;
  const said = call.if_somebody_else_answers.trim();
  element("call-else", HTMLElement).textContent = said === "" ? text("call-else-none") : said;
  const windows = [...call.windows].sort(([one], [other]) => one - other);
  element("call-windows", HTMLElement).replaceChildren(
    ...windows.map(([from, to]) => {
      const line = document.createElement("li");
      line.textContent = inWords(from, to);
      return line;
    }),
  );
  const look = (): void => showNow(call, windows);
  look();
  looking = setInterval(look, LOOK_EVERY_MS);
}

/** Whether this is a safe hour. Only in one the number is a link that dials. */
function showNow(call: CallBack, windows: readonly [number, number][]): void {
  const now = Date.now();
  const current = windows.find(([from, to]) => from <= now && now < to);
  const next = windows.find(([from]) => now < from);
  const place = element("call-now", HTMLElement);
  let sentence = text("call-over");
  if (current !== undefined) sentence = text("call-safe", { until: time(current[1]) });
  else if (next !== undefined) sentence = text("call-later", { when: inWords(...next) });
  // The same words again would be read out again.
  if (place.textContent !== sentence) place.textContent = sentence;
  place.className = current === undefined ? "danger" : "good";
  const number = element("call-number", HTMLElement);
  const dialled = call.number.replace(/[^+0-9]/g, "");
  const isDialled = current !== undefined && dialled !== "";
  if (number.dataset["shown"] === `${call.number} ${isDialled}`) return;
  number.dataset["shown"] = `${call.number} ${isDialled}`;
  const shown = document.createElement(isDialled ? "a" : "strong");
  shown.textContent = call.number;
  shown.className = "number";
  shown.dir = "ltr";
  if (shown instanceof HTMLAnchorElement) shown.href = `tel:${dialled}`;
  number.replaceChildren(shown);
}

function time(moment: number): string {
  return format(moment, { hour: "2-digit", minute: "2-digit" });
}

function inWords(from: number, to: number): string {
  const day = { weekday: "long", day: "numeric", month: "long" } as const;
  const first = format(from, day);
  const last = format(to, day);
  const until = first === last ? time(to) : `${last}, ${time(to)}`;
  return text("call-window", { day: first, from: time(from), to: until });
}

function format(moment: number, parts: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, { ...parts, timeZone: ZONE, hourCycle: "h23" }).format(moment);
}
