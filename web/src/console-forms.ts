/** Plain forms of the console, which work without this script: pressed twice they are sent once. */
export function startForms(): void {
  let isSent = false;
  document.addEventListener("submit", (event) => {
    if (!(event.target instanceof HTMLFormElement) || event.target.method !== "post" || event.defaultPrevented) return;
    if (isSent) event.preventDefault();
    isSent = true;
  });
  // Back on the page, also as the browser kept it, a form can be sent again.
  addEventListener("pageshow", () => {
    isSent = false;
  });
}
