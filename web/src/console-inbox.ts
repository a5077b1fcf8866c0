/** The inbox works without this script; it only chooses all cases of the page at once. */
import { element } from "./page.js";

export function startInbox(): void {
  if (document.getElementById("choose-page") === null) return;
  const all = element("choose-page", HTMLInputElement);
  const boxes = [...document.querySelectorAll<HTMLInputElement>("#inbox input[name=case]")];
  const show = (): void => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", show);
  element("choose-page-line", HTMLElement).hidden = false;
  // The browser may have kept what was chosen before Back.
  addEventListener("pageshow", show);
}
