/**
 * The mailbox page: the code goes into the worker and stays there; an unknown code and a mailbox without an answer look the same
 * (protocol sections 7.1 to 7.3). Her own words are never shown again.
 *
 * The papers of all centres are taken before a code is typed, and nothing of them is asked for because of an answer: the requests of a
 * mailbox with answers are those of any other, but for the number of pages (docs/adr/0005).
 */
import { Core } from "./core.js";
import { Refusal, askBeforeLeaving, element, fetchText, hideRefusal, postBytes, refusalOf, roomTeller, showRefusal, showStep, text } from "./page.js";

const STEPS = ["step-enter", "step-opening", "step-box"] as const;

interface Item {
  seq: number;
  kind: "report" | "message" | "answer" | "acknowledgement";
  /** Null for her own items, which are never sent back. */
  text: string | null;
}

interface Contents {
  items: Item[];
  /** An item that the index names did not open or did not verify. */
  incomplete: boolean;
  /** The centre to which a message can go; null before the first verified answer. */
  may_write: boolean;
}

const form = element("open-box", HTMLFormElement);
const fields = element("fields", HTMLFieldSetElement);
const code = element("code", HTMLInputElement);
const messageFields = element("message-fields", HTMLFieldSetElement);
const messageText = element("message-text", HTMLTextAreaElement);

/** Papers older than this when a code is sent are taken anew, whatever the code: a centre may have changed its key meanwhile. */
const FRESH_MS = 60_000;

let core: Core | null = null;
let busy = false;
/** The bundles of all centres by id, as they came: the core verifies the one it needs. */
let papers: { taken: number; bundles: Record<string, unknown> } = { taken: 0, bundles: {} };

function place(name: string): string {
  return form.getAttribute(`data-${name}`) ?? "";
}

async function prepare(): Promise<void> {
  try {
    const started = await Core.start();
    const [root] = await Promise.all([fetchText(place("root")), takePapers()]);
    await started.call("mailbox.verify", place("root"), root, Date.now());
    core = started;
  } catch (cause) {
    const ready = document.getElementById("ready");
    if (ready !== null) ready.textContent = "";
    const notReady = document.getElementById("not-ready");
    if (notReady !== null) notReady.hidden = false;
    showRefusal(refusalOf(cause));
    return;
  }
  const ready = document.getElementById("ready");
  if (ready !== null) ready.textContent = text("ready");
  fields.disabled = false;
  // She may be reading or on a link by now.
  if (document.activeElement === null || document.activeElement === document.body) code.focus();
}

async function takePapers(): Promise<void> {
  const taken = Date.now();
  const all = await fetchText(place("centres"));
  papers = { taken, bundles: JSON.parse(all) as Record<string, unknown> };
}

/** Fetches page after page and lets the core judge all of it by the papers that are here already. */
async function fetchBox(ready: Core): Promise<Contents> {
  // Also after the device's clock was set back: an age that cannot be known is no age.
  if (Math.abs(Date.now() - papers.taken) > FRESH_MS) await takePapers();
  let page = 0;
  let pages = 1;
  while (page < pages) {
    const nonce = await postBytes(place("nonce"), new Uint8Array());
    const request = await ready.call<Uint8Array<ArrayBuffer>>("mailbox.request", nonce, page);
    pages = await ready.call<number>("mailbox.accept", await postBytes(place("page"), request), page);
    page += 1;
  }
  const centre = await ready.call<string | null>("mailbox.centre");
  if (centre === null) return { items: [], incomplete: false, may_write: false };
  const bundle = papers.bundles[centre];
  if (bundle === undefined) throw new Refusal("certificate");
  return await ready.call<Contents>("mailbox.read", JSON.stringify(bundle), Date.now());
}

async function open(): Promise<void> {
  if (core === null || busy) return;
  busy = true;
  hideRefusal();
  fields.disabled = true;
  try {
    const typed = code.value;
    showStep("step-opening", STEPS);
    const words = await core.call<[number, number]>("mailbox.enter", typed);
    code.value = "";
    const contents = await fetchBox(core);
    showWords(words);
    showContents(contents);
    showStep("step-box", STEPS);
  } catch (cause) {
    fields.disabled = false;
    showStep("step-enter", STEPS);
    const refusal = refusalOf(cause);
    showRefusal(refusal, refusal.code === "code-length" ? code : null);
  } finally {
    busy = false;
  }
}

function showWords(words: [number, number] | null): void {
  const list = (element("words", HTMLElement).textContent ?? "").trim().split(/\s+/);
  element("word-1", HTMLElement).textContent = words === null ? "" : (list[words[0]] ?? "");
  element("word-2", HTMLElement).textContent = words === null ? "" : (list[words[1]] ?? "");
}

function showContents(contents: Contents): void {
  const list = element("items", HTMLElement);
  const template = element("item-template", HTMLTemplateElement);
  list.replaceChildren();
  for (const item of contents.items) {
    const line = template.content.cloneNode(true) as DocumentFragment;
    const kind = line.querySelector("[data-part=kind]");
    const said = line.querySelector("[data-part=text]");
    if (kind !== null) kind.textContent = text(`kind-${item.kind}`);
    if (said !== null) said.textContent = item.text ?? text("not-shown");
    list.append(line);
  }
  element("no-answers", HTMLElement).hidden = contents.may_write;
  list.hidden = !contents.may_write;
  element("incomplete", HTMLElement).hidden = !contents.incomplete;
  element("add", HTMLElement).hidden = !contents.may_write;
  element("message-sent", HTMLElement).hidden = true;
  messageFields.disabled = false;
}

const showRoom = roomTeller(element("message-room", HTMLElement), async () =>
  core === null ? null : await core.call<number>("mailbox.room", messageText.value, place("language")),
);

async function sealAndPost(ready: Core): Promise<void> {
  const frame = await ready.call<Uint8Array<ArrayBuffer>>("mailbox.seal", messageText.value, place("language"), Date.now());
  await postBytes(place("action"), frame);
}

async function sendMessage(): Promise<void> {
  if (core === null || busy) return;
  if (messageText.value.trim() === "") {
    showRefusal(new Refusal("empty"), messageText);
    return;
  }
  busy = true;
  hideRefusal();
  messageFields.disabled = true;
  element("message-sent", HTMLElement).hidden = true;
  try {
    try {
      await sealAndPost(core);
    } catch (cause) {
      const refused = refusalOf(cause).code;
      if (refused !== "epoch" && refused !== "sequence") throw cause;
      // Somebody wrote first, or the centre changed its key: read everything again and seal the same words at the new place.
      await takePapers();
      const contents = await fetchBox(core);
      showContents(contents);
      messageFields.disabled = true;
      if (!contents.may_write) throw cause;
      await sealAndPost(core);
    }
    const contents = await core.call<Contents>("mailbox.acknowledged");
    messageText.value = "";
    showContents(contents);
    const sent = element("message-sent", HTMLElement);
    sent.textContent = text("sent");
    sent.hidden = false;
    showRoom();
  } catch (cause) {
    // A field that is disabled takes no focus.
    messageFields.disabled = false;
    const refusal = refusalOf(cause);
    showRefusal(refusal, refusal.code === "size" ? messageText : null);
  } finally {
    messageFields.disabled = false;
    busy = false;
  }
}

/** Wipes the page and the worker's memory of the code; the worker itself stays, since nothing may be loaded any more. */
function close(): void {
  void core?.call("mailbox.forget");
  showWords(null);
  showContents({ items: [], incomplete: false, may_write: false });
  messageText.value = "";
  showRoom();
  code.value = "";
  hideRefusal();
  fields.disabled = core === null;
  showStep("step-enter", STEPS);
}

function on(id: string, event: string, act: () => Promise<void> | void): void {
  element(id, HTMLElement).addEventListener(event, (happened) => {
    happened.preventDefault();
    void act();
  });
}

on("open-box", "submit", open);
on("message", "submit", sendMessage);
on("close-box", "click", close);
messageText.addEventListener("input", showRoom);
document.addEventListener("cleared", () => {
  if (!busy) close();
});

askBeforeLeaving();
void prepare();
