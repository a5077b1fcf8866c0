/**
 * Showing a new code once the server has acknowledged: its digits, its two words, and typing its end again (protocol section 7.1).
 *
 * The page holds the digits only while this step stands; the core keeps the code and judges what is typed.
 */
import type { Core } from "./core.js";
import { Refusal, element, hideRefusal, on, showRefusal } from "./page.js";

export interface NewCode {
  code: string;
  words: [number, number];
}

/** The words of the page's list that stand for a code. */
export function wordsOf(places: [number, number]): [string, string] {
  const list = (element("words", HTMLElement).textContent ?? "").trim().split(/\s+/);
  return [list[places[0]] ?? "", list[places[1]] ?? ""];
}

export class CodeStep {
  private isShown = false;

  /** Listens to the form of the step; `question` asks the core about what is typed, `finish` follows the right digits or skipping. */
  constructor(core: () => Core | null, question: string, finish: () => void) {
    on("confirm", "submit", async () => {
      const typed = element("last-group", HTMLInputElement);
      const held = core();
      if (held === null || !this.isShown) return;
      if (await held.call<boolean>(question, typed.value)) this.end(finish);
      else showRefusal(new Refusal("last-group"), typed);
    });
    on("skip-confirm", "click", () => this.end(finish));
  }

  /** Whether a code stands on the page now. */
  get shown(): boolean {
    return this.isShown;
  }

  show(receipt: NewCode): void {
    const groups = receipt.code.match(/[0-9]{4}/g) ?? [];
    for (const slot of this.slots()) slot.textContent = groups[Number(slot.dataset["group"]) - 1] ?? "";
    const [first, second] = wordsOf(receipt.words);
    element("new-word-1", HTMLElement).textContent = first;
    element("new-word-2", HTMLElement).textContent = second;
    this.isShown = true;
  }

  forget(): void {
    this.isShown = false;
    for (const id of ["new-word-1", "new-word-2"]) element(id, HTMLElement).textContent = "";
    for (const slot of this.slots()) slot.textContent = "";
    element("last-group", HTMLInputElement).value = "";
  }

  private end(finish: () => void): void {
    this.forget();
    hideRefusal();
    finish();
  }

  private slots(): NodeListOf<HTMLElement> {
    return element("new-code", HTMLElement).querySelectorAll<HTMLElement>("[data-group]");
  }
}
