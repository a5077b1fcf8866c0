/** The core of a console page: the unlocked identity of this session, and the network's papers verified with it. */
import { parkedIdentity } from "./console-session.js";
import { Core } from "./core.js";
import { consoleBytes, consoleCall, consoleText, element } from "./page.js";

const page = (): HTMLElement => element("console", HTMLElement);

/** Starts the core and opens her epoch keys in it; `null` when nothing is parked here, which the lock deals with. */
export async function startOperator(): Promise<Core | null> {
  const parked = parkedIdentity();
  if (parked === null) return null;
  const core = await Core.start();
  await core.call("operator.resume", parked, await consoleBytes(page().dataset["sessionKey"] ?? ""));
  await refreshKeys(core);
  return core;
}

/** The network's papers and her epoch keys, verified and opened in the core. */
export async function refreshKeys(core: Core): Promise<void> {
  const keys = await consoleText(page().dataset["keys"] ?? "");
  await core.call("operator.keys", keys, page().dataset["person"] ?? "", Date.now());
}

/** A call that may change something, with the session's token. */
export async function post<T>(address: string, headers: Record<string, string>, body: BodyInit | null): Promise<T> {
  return await consoleCall<T>(address, { headers: { "x-approdo-csrf": page().dataset["csrf"] ?? "", ...headers }, body });
}

/** A refusal that concerns one field is told at the field; an empty sentence takes it back. */
export function showAt(field: HTMLElement, slot: string, sentence: string): void {
  const place = element(slot, HTMLElement);
  place.textContent = sentence;
  place.hidden = sentence === "";
  field.setAttribute("aria-invalid", String(sentence !== ""));
  if (sentence !== "") field.focus();
}
