/**
 * Every public page: leave quickly, leave no second history entry, cover a hidden tab, wipe what was typed (protocol section 11).
 *
 * Small and free of imports: it must run before anything else on the slowest phone.
 */
const PRESSES_TO_LEAVE = 3;
const PRESS_WINDOW_MS = 5_000;
/** How long a hidden page keeps what was typed: people look words up in another tab. */
const KEEP_HIDDEN_MS = 15 * 60 * 1_000;

const exit = document.getElementById("exit") as HTMLAnchorElement | null;
const cover = document.getElementById("cover");
const page = document.getElementById("page");
const coverCleared = document.getElementById("cover-cleared");

let leaving = false;
let pressedKey = "";
let presses: number[] = [];
let hiddenSince: number | null = null;
let clearing = 0;

/** Every field is as when the page came; other scripts of the page hear `cleared` and drop what they hold in memory. */
function wipe(): void {
  for (const form of document.forms) form.reset();
  document.dispatchEvent(new Event("cleared"));
}

/** Blank first: the next page may take seconds to come. */
function leave(): void {
  document.documentElement.classList.add("blank");
  if (!leaving) {
    leaving = true;
    wipe();
    document.title = "";
    document.body.replaceChildren();
  }
  if (exit !== null) location.replace(exit.href);
}

function onKey(event: KeyboardEvent): void {
  if (leaving) {
    // A further Escape would cancel the navigation and leave a blank page of this host standing.
    event.preventDefault();
    return;
  }
  if (event.repeat) return;
  if (event.key !== "Shift" && event.key !== "Escape") {
    presses = [];
    return;
  }
  if (event.key !== pressedKey) presses = [];
  pressedKey = event.key;
  presses = [...presses.filter((time) => event.timeStamp - time < PRESS_WINDOW_MS), event.timeStamp];
  if (presses.length >= PRESSES_TO_LEAVE) {
    event.preventDefault();
    leave();
  }
}

/** One history entry for the whole visit: Back after leaving shows nothing of ours. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
  if (link === null) return;
  if (link === exit) {
    event.preventDefault();
    leave();
    return;
  }
  const raw = link.getAttribute("href") ?? "";
  if (raw.startsWith("#") || link.target !== "" || link.hasAttribute("download") || !link.protocol.startsWith("http")) return;
  event.preventDefault();
  location.replace(link.href);
}

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method !== "get") return;
  event.preventDefault();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") address.searchParams.set(name, value);
  }
  location.replace(address.href);
}

function clearHidden(): void {
  if (hiddenSince === null || Date.now() - hiddenSince < KEEP_HIDDEN_MS) return;
  hiddenSince = null;
  wipe();
  if (coverCleared !== null) coverCleared.hidden = false;
}

function onVisibility(): void {
  clearTimeout(clearing);
  if (document.visibilityState === "hidden") {
    hiddenSince = Date.now();
    clearing = setTimeout(clearHidden, KEEP_HIDDEN_MS + 1_000);
    if (cover !== null) cover.hidden = false;
    if (page !== null) page.inert = true;
    return;
  }
  // A frozen tab runs no timer: the time is judged again when it comes back.
  clearHidden();
  hiddenSince = null;
  document.getElementById("cover-continue")?.focus();
}

function uncover(): void {
  if (cover !== null) cover.hidden = true;
  if (coverCleared !== null) coverCleared.hidden = true;
  if (page !== null) page.inert = false;
}

addEventListener("keydown", onKey, true);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
document.addEventListener("visibilitychange", onVisibility);
document.getElementById("cover-continue")?.addEventListener("click", uncover);
addEventListener("pagehide", () => {
  if (!leaving) wipe();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) leave();
});
for (const element of document.querySelectorAll<HTMLElement>("[data-script-only]")) element.hidden = false;
