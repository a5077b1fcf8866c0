/** The write page: her words, how to reach her, a safe word, a second centre. Everything that is sealed is gathered here. */
import type { Core } from "./core.js";
import { Attachments } from "./files.js";
import { Letter, type Draft } from "./letter.js";
import { type Refusal, element, fetchText, roomTeller } from "./page.js";

function startWriting(form: HTMLFormElement): void {
  const report = element("text", HTMLTextAreaElement);
  const safeContact = element("safe-contact", HTMLTextAreaElement);
  const safeWord = element("safe-word", HTMLInputElement);
  const urgent = element("urgent", HTMLInputElement);
  const second = document.getElementById("second") as HTMLInputElement | null;
  const choice = document.getElementById("second-choice");

  function seconds(): HTMLInputElement[] {
    return [...(choice?.querySelectorAll<HTMLInputElement>("[data-second] input") ?? [])];
  }

  function gather(): Draft {
    return {
      text: report.value,
      safe_contact: safeContact.value,
      urgent: urgent.checked,
      language: letter.place("language"),
      safe_word: safeWord.value,
      second: second?.checked === true ? (seconds().find((one) => one.checked)?.value ?? null) : null,
      call_back: null,
      files: [],
    };
  }

  /** Too much is told where most was written. */
  function fieldOf({ code }: Refusal): HTMLElement | null {
    if (code === "empty") return report;
    if (code !== "size") return null;
    return safeContact.value.length > report.value.length ? safeContact : report;
  }

  /** The papers of all that can be chosen are here before a field opens (protocol I15); who does not verify cannot be chosen. */
  async function verifyMore(core: Core): Promise<void> {
    const judged = seconds().map(async (one) => {
      try {
        await core.call("letter.second", await fetchText(`/network/centres/${one.value}.json`), one.value, Date.now());
      } catch {
        one.closest("[data-second]")?.remove();
      }
    });
    await Promise.all(judged);
    if (seconds().length === 0) document.getElementById("second-part")?.remove();
    else if (!seconds().some((one) => one.checked)) chooseFirst();
  }

  function chooseFirst(): void {
    const [first] = seconds();
    if (first !== undefined) first.checked = true;
  }

  function showChoice(): void {
    if (choice !== null) choice.hidden = second?.checked !== true;
  }

  function empty(): void {
    form.reset();
    cleared();
  }

  function cleared(): void {
    showRoom();
    showChoice();
    chooseFirst();
  }

  const letter = new Letter({ form, gather, fieldOf, empty, verifyMore, cleared, attachments: new Attachments() });
  const showRoom = roomTeller(element("room-left", HTMLElement), async () =>
    letter.core === null ? null : await letter.core.call<number>("letter.room", JSON.stringify(gather())),
  );
  for (const field of [report, safeContact, safeWord]) field.addEventListener("input", showRoom);
  second?.addEventListener("change", showChoice);
}

const form = document.getElementById("write");
// A centre that takes nothing at the moment has a page without a form.
if (form instanceof HTMLFormElement) startWriting(form);
