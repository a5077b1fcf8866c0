/**
 * "Who opened what I wrote" in the mailbox page (protocol sections 9 and 12.11): asked for only when she presses, after an answer was verified.
 * The core checks every act; this page shows its list, or says what does not fit.
 */
import { type Box, type Contents, place } from "./box-face.js";
import { element, on, postBytes, refusalOf, showRefusal, text } from "./page.js";
import { postWithWork } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

interface Act {
  kind: string;
  /** Year and number of its ISO week. */
  week: [number, number];
  who: string | null;
  centre: string | null;
  /** Its week is not over: the log cannot prove it yet. */
  waits: boolean;
}

interface Found {
  acts: Act[];
  altered: boolean;
  missing: boolean;
  checkpoint: string | null;
}

const NOTHING: Found = { acts: [], altered: false, missing: false, checkpoint: null };

export interface Openings {
  /** Shows the button where there is an answer; a list from before goes. */
  offer(contents: Contents): void;
}

/** The Monday of an ISO week: 4 January is always in the first one. */
function mondayOf([year, number]: [number, number]): Date {
  const day = new Date(Date.UTC(year, 0, 4));
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7) + 7 * (number - 1));
  return day;
}

function show(found: Found): void {
  const list = element("acts", HTMLElement);
  list.replaceChildren();
  for (const act of found.acts) {
    const line = element("act-template", HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
    const fill = (part: string, value: string): void => {
      const target = line.querySelector(`[data-part=${part}]`);
      if (target !== null) target.textContent = value;
    };
    fill("kind", text(`act-${act.kind}`));
    // Never which centre: whoever found the code may be reading this (protocol section 1).
    fill("who", act.who ?? text(act.centre === null ? "act-elsewhere" : "act-nobody"));
    fill("week", text("act-week", { date: mondayOf(act.week).toLocaleDateString(place("language"), { dateStyle: "long", timeZone: "UTC" }) }));
    if (!act.waits) line.querySelector("[data-part=waits]")?.remove();
    list.append(line);
  }
  element("acts-altered", HTMLElement).hidden = !found.altered;
  element("acts-missing", HTMLElement).hidden = !found.missing;
  // Of a week that is not over nothing was compared yet.
  element("acts-hold", HTMLElement).hidden = found.altered || found.missing || found.acts.some(({ waits }) => waits);
  element("checkpoint", HTMLElement).textContent = found.checkpoint ?? text("act-no-checkpoint");
}

export function startOpenings(box: Box): Openings {
  const shown = element("openings", HTMLElement);
  on("to-openings", "click", () =>
    box.run(async (core) => {
      shown.hidden = true;
      try {
        const subject = await core.call<Bytes>("mailbox.subject");
        for (let page = 0, pages = 1; page < pages; page += 1) {
          const number = page;
          const request = async (): Promise<Bytes> => await core.call<Bytes>("mailbox.request", await postBytes(place("openings-nonce"), new Uint8Array()), number);
          pages = await core.call<number>("mailbox.openings-accept", await postWithWork(core, place("openings"), request, subject), page);
        }
        show(await core.call<Found>("mailbox.openings"));
        shown.hidden = false;
        shown.focus();
      } catch (cause) {
        // What cannot be read is not filler here: there is an answer.
        const refusal = refusalOf(cause);
        if (refusal.code !== "malformed") {
          showRefusal(refusal);
          return;
        }
        show({ ...NOTHING, altered: true });
        shown.hidden = false;
        shown.focus();
      }
    }),
  );
  return {
    offer({ may_write }) {
      element("to-openings", HTMLElement).hidden = !may_write;
      shown.hidden = true;
      show(NOTHING);
    },
  };
}
