/**
 * The keys of the channels (protocol section 4.1): where it is time, a member makes the next one here. The core verifies the centre's
 * papers, draws the key, seals it to everybody who may read the channel, and signs; the server checks all of it once more.
 */
import { post, refreshKeys, startOperator } from "./console-core.js";
import type { Core } from "./core.js";
import { element, hideRefusal, refusalOf, showRefusal } from "./page.js";

/** A channel that she may read, as the core sees its key. */
interface ChannelKey {
  channel: string;
  opens: boolean;
  due: boolean;
}

export function startChannels(): void {
  const page = element("channels", HTMLElement);
  const sections = [...page.querySelectorAll<HTMLElement>("[data-channel]")];
  const part = (section: HTMLElement, name: string): HTMLElement | null => section.querySelector(`[data-part=${name}]`);

  async function show(held: Core): Promise<void> {
    const keys = await held.call<ChannelKey[]>("operator.channels", Date.now());
    for (const section of sections) {
      const key = keys.find(({ channel }) => channel === section.dataset["channel"]);
      // Without a right to it the page has no form; without a key that could be made it stays hidden.
      part(section, "make")?.toggleAttribute("hidden", key === undefined || (key.opens && !key.due));
      part(section, "opens")?.toggleAttribute("hidden", key?.opens !== true);
      part(section, "opens-not")?.toggleAttribute("hidden", key === undefined || key.opens);
    }
  }

  async function make(held: Core, section: HTMLElement): Promise<void> {
    hideRefusal();
    const button = section.querySelector("button");
    if (button !== null) button.disabled = true;
    try {
      await refreshKeys(held);
      const made = await held.call<string>("operator.next_epoch", section.dataset["channel"], Date.now());
      await post(page.dataset["make"] ?? "", { "content-type": "application/json" }, made);
      location.replace("?said=made");
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal.code === "changed") {
        location.replace("?refused=changed");
        return;
      }
      if (button !== null) button.disabled = false;
      showRefusal(refusal);
    }
  }

  void startOperator().then(
    async (held) => {
      if (held === null) return;
      for (const section of sections) {
        part(section, "make")?.addEventListener("submit", (event) => {
          event.preventDefault();
          void make(held, section);
        });
      }
      await show(held);
      page.dataset["ready"] = "true";
    },
  ).catch((cause: unknown) => showRefusal(refusalOf(cause)));
}
