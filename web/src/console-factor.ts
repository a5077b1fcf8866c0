/**
 * Changing the second factor: the passphrase becomes a signature in the worker, as at sign-in, and goes with the form; the passphrase field has
 * no name and is never sent (protocol section 6).
 */
import { Core } from "./core.js";
import { consoleCall, element, hideRefusal, refusalOf, showRefusal, text } from "./page.js";

export function startFactor(): void {
  const forms = [...document.querySelectorAll<HTMLFormElement>("form.proved")];
  const working = element("working", HTMLElement);
  let core: Core | null = null;
  let busy = false;

  const enable = (isOn: boolean): void => {
    for (const form of forms) for (const button of form.querySelectorAll("button")) button.disabled = !isOn;
  };

  async function sign(held: Core, form: HTMLFormElement, passphrase: HTMLInputElement): Promise<void> {
    const account = form.dataset["account"] ?? "";
    const init = { headers: { "content-type": "application/json" }, body: JSON.stringify({ account }) };
    const challenge = await consoleCall<{ salt: string; nonce: string }>(form.dataset["challenge"] ?? "", init);
    await held.call("sign-in.derive", passphrase.value, challenge.salt);
    const signature = await held.call<string>("sign-in.sign", challenge.nonce, account);
    for (const [name, value] of Object.entries({ nonce: challenge.nonce, signature })) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value;
    }
  }

  async function submit(form: HTMLFormElement): Promise<void> {
    const passphrase = form.querySelector<HTMLInputElement>("input[type=password]");
    if (core === null || busy || passphrase === null) return;
    busy = true;
    hideRefusal();
    enable(false);
    working.textContent = text("working");
    try {
      await sign(core, form, passphrase);
      core.stop();
      passphrase.value = "";
      form.submit();
    } catch (cause) {
      busy = false;
      working.textContent = "";
      enable(true);
      showRefusal(refusalOf(cause), passphrase);
    }
  }

  async function prepare(): Promise<void> {
    try {
      core = await Core.start();
    } catch (cause) {
      showRefusal(refusalOf(cause));
      return;
    }
    enable(true);
  }

  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void submit(form);
    });
  }
  addEventListener("pagehide", () => {
    for (const field of document.querySelectorAll<HTMLInputElement>("form.proved input[type=password]")) field.value = "";
  });
  addEventListener("pageshow", (event) => {
    // Back from another page: the worker of this one is gone.
    if (event.persisted) location.reload();
  });
  void prepare();
}
