/** That a colleague has left (protocol section 4.3): signed here, with the member's own key, after this page has said what follows. */
import { post, refreshKeys, startOperator } from "./console-core.js";
import { element, hideRefusal, refusalOf, showRefusal } from "./page.js";

export function startLeave(): void {
  const form = element("leave", HTMLFormElement);
  const send = element("leave-send", HTMLButtonElement);
  const people = form.dataset["people"] ?? "";

  void startOperator().then((held) => {
    if (held === null) return;
    send.disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      hideRefusal();
      send.disabled = true;
      void (async () => {
        await refreshKeys(held);
        const stated = await held.call<string>("operator.state_leave", form.dataset["person"], Date.now());
        await post(form.dataset["send"] ?? "", { "content-type": "application/json" }, stated);
        location.replace(`${people}?said=left`);
      })().catch((cause: unknown) => {
        send.disabled = false;
        showRefusal(refusalOf(cause));
      });
    });
  }).catch((cause: unknown) => showRefusal(refusalOf(cause)));
}
