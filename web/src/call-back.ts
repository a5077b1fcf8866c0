/** The page on which she asks to be called: a number, times that are safe, what to say if somebody else answers. Nothing else is sealed. */
import { Letter, type Draft } from "./letter.js";
import { type Refusal, element, hideRefusal } from "./page.js";

function startCall(form: HTMLFormElement): void {
  const number = element("number", HTMLInputElement);
  const own = element("else-own", HTMLInputElement);
  const times = [...form.querySelectorAll<HTMLInputElement>("input[data-from]")];

  function spoken(): string {
    return (document.getElementById("spoken") as HTMLSelectElement | HTMLInputElement | null)?.value ?? letter.place("language");
  }

  function gather(): Draft {
    const chosen = times.filter((one) => one.checked).map(({ dataset }) => ({ from: dataset["from"] ?? "", to: dataset["to"] ?? "" }));
    const proposed = form.querySelector<HTMLInputElement>("input[name=else]:checked")?.value ?? "";
    return {
      text: "",
      safe_contact: "",
      urgent: false,
      language: letter.place("language"),
      safe_word: "",
      second: null,
      call_back: { number: number.value, language: spoken(), windows: chosen, if_somebody_else_answers: own.value.trim() || proposed },
      files: [],
    };
  }

  function fieldOf({ code }: Refusal): HTMLElement | null {
    if (code === "number") return number;
    return code === "windows" ? (times[0] ?? null) : null;
  }

  function empty(): void {
    form.reset();
  }

  const letter = new Letter({ form, gather, fieldOf, empty });
  // Any of the times answers what was said about them.
  for (const one of times) one.addEventListener("change", hideRefusal);
}

const form = document.getElementById("call");
// A centre that cannot be asked to call has a page without a form.
if (form instanceof HTMLFormElement) startCall(form);
