/**
 * What became of the code (protocol section 7.4): a burn with its word, and what two members can still take back. After a right word
 * nothing is taken back, and the core refuses to seal it.
 */
import type { Undone, Verdict } from "./console-items.js";
import { element, text } from "./page.js";

/** As the server tells it beside the frames. */
export interface ToldLives {
  withdrawn?: { week: string; word: string | null } | null;
  undoable?: Undone[];
}

/** As the core judges it. */
export interface Lives {
  /** What the word of the burn says; `none-sent` when none could be sent with it. */
  withdrawn: Verdict | "none-sent" | null;
  undos: { undoes: Undone; word: Verdict | "none-sent"; signed: { name: string; mine: boolean }[] }[];
}

/** `burn`, or `rotation-3`: in attributes of the page and in the value that the core takes. */
export function nameOf(undone: Undone): string {
  return undone === "burn" ? "burn" : `rotation-${undone.rotation}`;
}

const REASON = "undo-reason-";

/** What was typed as reasons for undoing, by the id of its field: for the draft, and for when the cards are made anew. */
export function undoWords(): Record<string, string> {
  const typed = [...document.querySelectorAll<HTMLTextAreaElement>(`textarea[id^=${REASON}]`)].filter(({ value }) => value !== "");
  return Object.fromEntries(typed.map(({ id, value }) => [id, value]));
}

/** Puts them back where nothing else was typed since. */
export function restoreUndoWords(words: Record<string, string>): void {
  for (const [id, value] of Object.entries(words)) {
    const field = document.getElementById(id);
    if (field instanceof HTMLTextAreaElement && field.value === "") field.value = value;
  }
}

/** Shows both; `sign` seals and sends this member's part, with her reason. */
export function showLives(lives: Lives, sign: (what: string, reason: HTMLTextAreaElement) => void): void {
  const withdrawn = element("withdrawn-word", HTMLElement);
  withdrawn.textContent = lives.withdrawn === null ? "" : text(`burn-word-${lives.withdrawn}`);
  withdrawn.hidden = lives.withdrawn === null;
  // What the page said of a withdrawal is no longer true once two have taken it back.
  document.getElementById("withdrawn")?.toggleAttribute("hidden", lives.withdrawn === null);
  const typed = undoWords();
  const list = element("undos", HTMLElement);
  list.replaceChildren(...lives.undos.map((undo) => showUndo(undo, sign)));
  restoreUndoWords(typed);
}

function showUndo(undo: Lives["undos"][number], sign: (what: string, reason: HTMLTextAreaElement) => void): Node {
  const card = element("undo-template", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
  const name = nameOf(undo.undoes);
  const part = <E extends HTMLElement>(which: string, kind: new () => E): E => {
    const found = card.querySelector(`[data-part=${which}]`);
    if (!(found instanceof kind)) throw new Error(`the page lacks ${which}`);
    return found;
  };
  const say = (which: string, words: string): void => {
    const place = part(which, HTMLElement);
    place.textContent = words;
    place.hidden = words === "";
  };
  const kind = undo.undoes === "burn" ? "burn" : "rotation";
  const until = element("report", HTMLElement).getAttribute(`data-until-${name}`);
  const isMine = undo.signed.some(({ mine }) => mine);
  const isFinal = undo.word === "right";
  say("heading", text(`undo-${kind}`));
  say("until", until === null ? "" : text("undo-until", { week: until }));
  say("word", isFinal ? text("undo-right-word") : "");
  say("signed", undo.signed.length === 0 ? "" : text(isMine ? "undo-signed-mine" : "undo-signed", { names: undo.signed.map((one) => one.name).join(", ") }));
  say("explains", isFinal || isMine ? "" : text(undo.signed.length === 0 ? "undo-first" : "undo-second"));
  const form = part("form", HTMLFormElement);
  form.hidden = isFinal || isMine;
  const reason = part("reason", HTMLTextAreaElement);
  const label = part("label", HTMLLabelElement);
  reason.id = REASON + name;
  label.htmlFor = reason.id;
  const problem = part("error", HTMLElement);
  problem.id = `undo-error-${name}`;
  reason.setAttribute("aria-describedby", problem.id);
  part("send", HTMLButtonElement).textContent = text(undo.signed.length === 0 ? "undo-sign-first" : "undo-sign-second");
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sign(name, reason);
  });
  return card;
}
