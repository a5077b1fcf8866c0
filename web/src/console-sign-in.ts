/**
 * Signing in: the passphrase goes into the worker and no further; the server sees a signature (protocol sections 6 and 12.5). Who has a second
 * factor is asked for its code when the passphrase was right; the derived keys stay in the worker meanwhile.
 */
import { dropIdentity, parkIdentity } from "./console-session.js";
import { Core } from "./core.js";
import { consoleBytes, consoleCall, element, hideRefusal, on, type Refusal, refusalOf, showRefusal, text } from "./page.js";

export function startSignIn(): void {
  const form = element("sign-in", HTMLFormElement);
  const fields = element("fields", HTMLFieldSetElement);
  const account = element("account", HTMLInputElement);
  const passphrase = element("passphrase", HTMLInputElement);
  const ready = element("ready", HTMLElement);
  const code = element("code", HTMLInputElement);
  const codeField = element("code-field", HTMLElement);
  /** What the keys in the worker were derived from, so that a code that was mistyped does not cost Argon2 once more. */
  let derived = { passphrase: "", salt: "" };
  let core: Core | null = null;
  let busy = false;

  const place = (name: string): string => form.getAttribute(`data-${name}`) ?? "";
  const headers = { "content-type": "application/json" };
  const post = <T>(address: string, body: object): Promise<T> => consoleCall<T>(address, { headers, body: JSON.stringify(body) });

  async function enter(held: Core): Promise<void> {
    const name = account.value.trim();
    const challenge = await post<{ salt: string; nonce: string }>(place("challenge"), { account: name });
    if (derived.passphrase !== passphrase.value || derived.salt !== challenge.salt) {
      await held.call("sign-in.derive", passphrase.value, challenge.salt);
      derived = { passphrase: passphrase.value, salt: challenge.salt };
    }
    const signature = await held.call<string>("sign-in.sign", challenge.nonce, name);
    const proof = { account: name, nonce: challenge.nonce, signature, code: code.value };
    const session = await post<{ slot?: string }>(place("action"), proof);
    derived = { passphrase: "", salt: "" };
    if (session.slot === undefined) {
      // Before the second factor there is nothing to unlock: it is enrolled first.
      passphrase.value = "";
      location.assign(place("factor"));
      return;
    }
    await held.call("sign-in.unlock", session.slot);
    parkIdentity(await held.call<string>("operator.park", await consoleBytes(place("session-key"))));
    passphrase.value = "";
    location.assign(place("inbox"));
  }

  /** The first time the code is missing that is no mistake: the field appears, and what was typed stays. */
  function tell(refusal: Refusal): void {
    const isOfCode = refusal.code.startsWith("code");
    if (refusal.code === "code" && codeField.hidden) {
      codeField.hidden = false;
      ready.textContent = text("code-needed");
      code.focus();
    } else {
      showRefusal(refusal, isOfCode ? code : null);
      if (isOfCode) code.select();
    }
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
      tell(refusalOf(cause));
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
  on("backup", "click", () => {
    // Its letters are not on the keys for digits.
    code.inputMode = "text";
    code.value = "";
    code.focus();
  });
  addEventListener("pagehide", () => {
    passphrase.value = "";
    derived = { passphrase: "", salt: "" };
  });
  addEventListener("pageshow", (event) => {
    // Back from another page: the worker of this one may be gone, and what it held must be.
    if (event.persisted) location.reload();
  });
  void prepare();
}
