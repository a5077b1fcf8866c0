/** What the parts of the mailbox page share: the core, the papers, and one thing at a time (protocol sections 7.1 to 7.4). */
import type { Core } from "./core.js";
import { Refusal, element, fetchText, hideRefusal, postBytes, showStep } from "./page.js";
import { postWithWork, workAhead } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

const STEPS = ["step-enter", "step-opening", "step-box", "step-change", "step-sealing", "step-code", "step-changed", "step-withdraw", "step-withdrawn"] as const;
export type Step = (typeof STEPS)[number];

export interface Item {
  seq: number;
  kind: "report" | "message" | "answer" | "acknowledgement" | "rotation";
  /** Null for her own items, which are never sent back. */
  text: string | null;
}

export interface Contents {
  items: Item[];
  /** An item that the index names did not open or did not verify. */
  incomplete: boolean;
  /** Somebody who had this code took another one, and the centre put this one back. */
  replaced: boolean;
  /** Whether there is a verified answer: only then can something be added, or the code be changed. */
  may_write: boolean;
}

export const NOTHING: Contents = { items: [], incomplete: false, replaced: false, may_write: false };

/** Papers older than this when a code is sent are taken anew, whatever the code: a centre may have changed its key meanwhile. */
const FRESH_MS = 60_000;

const form = element("open-box", HTMLFormElement);

/** The bundles of all centres by id, as they came: the core verifies the one it needs. */
let papers: { taken: number; bundles: Record<string, unknown> } = { taken: 0, bundles: {} };

export function place(name: string): string {
  return form.getAttribute(`data-${name}`) ?? "";
}

export function step(id: Step): void {
  showStep(id, STEPS);
}

export async function takePapers(): Promise<void> {
  const taken = Date.now();
  const all = await fetchText(place("centres"));
  papers = { taken, bundles: JSON.parse(all) as Record<string, unknown> };
}

/** Fetches page after page and lets the core judge all of it by the papers that are here already. */
export async function fetchBox(core: Core): Promise<Contents> {
  // Also after the device's clock was set back: an age that cannot be known is no age.
  if (Math.abs(Date.now() - papers.taken) > FRESH_MS) await takePapers();
  const subject = await core.call<Bytes>("mailbox.subject");
  let page = 0;
  let pages = 1;
  while (page < pages) {
    const number = page;
    const request = async (): Promise<Bytes> => await core.call<Bytes>("mailbox.request", await postBytes(place("nonce"), new Uint8Array()), number);
    pages = await core.call<number>("mailbox.accept", await postWithWork(core, place("page"), request, subject), page);
    page += 1;
  }
  // For whatever she does next, and alike for every code: a line that is listened to says nothing about what there was to read.
  workAhead(core, subject);
  const centre = await core.call<string | null>("mailbox.centre");
  if (centre === null) return NOTHING;
  const bundle = papers.bundles[centre];
  if (bundle === undefined) throw new Refusal("certificate");
  return await core.call<Contents>("mailbox.read", JSON.stringify(bundle), Date.now());
}

/** One thing at a time: what the box does, and what stands in its way meanwhile. */
export class Box {
  core: Core | null = null;
  private isBusy = false;

  get busy(): boolean {
    return this.isBusy;
  }

  /** Runs a task unless another one is going on; the page's refusal is taken back first. */
  async run(task: (core: Core) => Promise<void>): Promise<void> {
    const { core } = this;
    if (core === null || this.isBusy) return;
    this.isBusy = true;
    hideRefusal();
    try {
      await task(core);
    } finally {
      this.isBusy = false;
    }
  }
}
