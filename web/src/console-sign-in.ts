/** Signing in: the passphrase goes into the worker and no further; the server sees a signature (protocol sections 6 and 12.5). */
import { dropIdentity, parkIdentity } from "./console-session.js";
import { Core } from "./core.js";
import { consoleBytes, consoleCall, element, hideRefusal, refusalOf, showRefusal, text } from "./page.js";

export function startSignIn(): void {
  const form = element("sign-in", HTMLFormElement);
  const fields = element("fields", HTMLFieldSetElement);
  const account = element("account", HTMLInputElement);
  const passphrase = element("passphrase", HTMLInputElement);
  const ready = element("ready", HTMLElement);
  let core: Core | null = null;
  let busy = false;

  const place = (name: string): string => form.getAttribute(`data-${name}`) ?? "";
  const headers = { "content-type": "application/json" };
  const post = <T>(address: string, body: object): Promise<T> => consoleCall<T>(address, { headers, body: JSON.stringify(body) });

  async function enter(held: Core): Promise<void> {
    const name = account.value.trim();
    const challenge = await post<{ salt: string; nonce: string }>(place("challenge"), { account: name });
    await held.call("sign-in.derive", passphrase.value, challenge.salt);
    const signature = await held.call<string>("sign-in.sign", challenge.nonce, name);
    const proof = { account: name, nonce: challenge.nonce, signature };
    const session = await post<{ slot: string }>(place("action"), proof);
    await held.call("sign-in.unlock", session.slot);
    parkIdentity(await held.call<string>("operator.park", await consoleBytes(place("session-key"))));
    passphrase.value = "";
    location.assign(place("inbox"));
  }

  async function submit(): Promise<void> {
    if (core === null || busy) return;
    busy = true;
    hideRefusal();
    fields.disabled = true;
    ready.textContent = text("working");
    try {
      await enter(core);
    } catch (cause) {
      ready.textContent = "";
      fields.disabled = false;
      showRefusal(refusalOf(cause));
    } finally {
      busy = false;
    }
  }

  async function prepare(): Promise<void> {
    dropIdentity();
    try {
      core = await Core.start();
    } catch (cause) {
      ready.textContent = "";
      showRefusal(refusalOf(cause));
      return;
    }
    ready.textContent = text("ready");
    fields.disabled = false;
    if (document.activeElement === document.body) account.focus({ preventScroll: true });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  addEventListener("pagehide", () => {
    passphrase.value = "";
  });
  addEventListener("pageshow", (event) => {
    // Back from another page: the worker of this one may be gone, and what it held must be.
    if (event.persisted) location.reload();
  });
  void prepare();
}
