/** What the core shows of a case, and how the page of a report puts it on the screen. No sentence stands here: all come from the page. */
import type { FileEntry } from "./console-files.js";
import { element, text } from "./page.js";

export type Verdict = "right" | "wrong" | "missing" | "not-chosen";
/** What a note of undoing names: the burn, or the rotation at a place of the conversation. */
export type Undone = "burn" | { rotation: number };

export interface CallBack {
  number: string;
  language: string;
  /** Safe hours as moments in milliseconds: from, to. */
  windows: [number, number][];
  if_somebody_else_answers: string;
}

export interface Item {
  chain: "conversation" | "notes";
  kind: "report" | "message" | "answer" | "acknowledgement" | "rotation" | "closing" | "undo";
  seq: number;
  /** `null` when it did not open or does not belong here; `unreadable` says which. */
  text: string | null;
  unreadable: "no-key" | "altered" | null;
  safe_contact: string | null;
  reason: string | null;
  /** The member who wrote it, by name; `null` for hers. */
  author: string | null;
  /** What the safe word says; `null` where none is asked for. */
  word: Verdict | null;
  call_back: CallBack | null;
  undoes: Undone | null;
  files: FileEntry[];
}

export interface Opened {
  items: Item[];
  /** The chain as a whole does not hold: something was left out, moved, altered or is not for the person who wrote. */
  incomplete: boolean;
  /** What it is that does not hold: names of the page's sentences. */
  problems: string[];
  /** The highest numbers of both chains, to notice an older state. */
  ends: { conversation: number; notes: number };
  /** Opened here because the first centre did not in its time. */
  taken_over: boolean;
}

/** Puts the items into their lists; `listFiles` makes the list of an item's files, where it has any. */
export function showItems(opened: Opened, listFiles: (files: readonly FileEntry[]) => HTMLElement | null = () => null): void {
  const template = element("item-template", HTMLTemplateElement);
  const lists = { conversation: element("items", HTMLElement), notes: element("notes", HTMLElement) };
  for (const list of Object.values(lists)) list.replaceChildren();
  for (const item of opened.items) {
    const line = template.content.cloneNode(true) as DocumentFragment;
    const fill = (part: string, words: string | null): void => {
      const slot = line.querySelector<HTMLElement>(`[data-part=${part}]`);
      if (slot === null) return;
      slot.textContent = words ?? "";
      slot.hidden = words === null || words === "";
    };
    const reason = item.reason === null ? "" : text(`reason-${item.reason}`) || item.reason;
    const kind = text(`kind-${item.kind}`);
    fill("kind", item.author === null ? kind : `${kind} · ${item.author}`);
    fill("text", [item.kind === "rotation" ? text("rotated") : "", reason, item.text].filter((words) => words !== null && words !== "").join("\n"));
    fill("safe-contact", item.safe_contact === null ? null : `${text("safe-contact")} ${item.safe_contact}`);
    fill("word", item.word === null ? null : text(`word-${item.word}`));
    line.querySelector<HTMLElement>("[data-part=word]")?.setAttribute("data-word", item.word ?? "");
    fill("unreadable", item.unreadable === null ? null : text(`item-${item.unreadable}`));
    line.querySelector<HTMLElement>(".item")?.setAttribute("data-seq", String(item.seq));
    const files = listFiles(item.files);
    if (files !== null) line.querySelector(".item")?.append(files);
    lists[item.chain].append(line);
  }
  showContact(opened.items);
  showWordNow(opened.items);
  showProblems(opened);
}

/** The last safe contact that was given, or that there is none. */
function showContact(items: readonly Item[]): void {
  const contact = items.map((item) => item.safe_contact).filter((said) => said !== null && said !== "").at(-1);
  const place = element("contact", HTMLElement);
  place.textContent = contact === undefined ? text("safe-contact-none") : `${text("safe-contact")} ${contact}`;
  place.hidden = false;
}

/** Beside the answer: what the word of the latest thing from her says, where it is not the right one. */
function showWordNow(items: readonly Item[]): void {
  const latest = items.filter((item) => item.kind === "message" || item.kind === "rotation").at(-1)?.word ?? null;
  const place = element("word-now", HTMLElement);
  const isDoubtful = latest === "wrong" || latest === "missing";
  place.textContent = isDoubtful ? text(`word-now-${latest}`) : "";
  place.hidden = !isDoubtful;
}

function showProblems(opened: Opened): void {
  const box = element("tail-missing", HTMLElement);
  const list = element("problems", HTMLElement);
  list.replaceChildren(
    ...opened.problems.map((problem) => {
      const line = document.createElement("li");
      line.textContent = text(`problem-${problem}`);
      return line;
    }),
  );
  box.hidden = !opened.incomplete && opened.problems.length === 0;
}
