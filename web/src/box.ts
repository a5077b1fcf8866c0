/**
 * The mailbox page: the code goes into the worker and stays there; an unknown code and a mailbox without an answer look the same
 * (protocol sections 7.1 to 7.3). Her own words are never shown again.
 *
 * The papers of all centres are taken before a code is typed, and nothing of them is asked for because of an answer: the requests of a
 * mailbox with answers are those of any other, but for the number of pages (docs/adr/0005).
 */
import { startCodeLife } from "./box-code.js";
import { Box, NOTHING, type Contents, fetchBox, place, step, takePapers } from "./box-face.js";
import { startOpenings } from "./box-openings.js";
import { wordsOf } from "./code-step.js";
import { Core } from "./core.js";
import { Attachments } from "./files.js";
import { Refusal, askBeforeLeaving, element, fetchText, hideRefusal, on, refusalOf, retryOn, roomTeller, showRefusal, text, waitTeller } from "./page.js";
import { forgetWork, postWithWork, workAhead } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

const fields = element("fields", HTMLFieldSetElement);
const code = element("code", HTMLInputElement);
const messageFields = element("message-fields", HTMLFieldSetElement);
const messageText = element("message-text", HTMLTextAreaElement);
const messageWord = element("message-word", HTMLInputElement);

/** What is sealed into a message, as crates/browser takes it; the same draft gives the same bytes. */
interface MessageDraft {
  text: string;
  language: string;
  safe_word: string;
  /** The entries of the files that were uploaded before. */
  files: unknown[];
}

const attachments = new Attachments();
const sayWaiting = waitTeller("message-waiting");
const box = new Box();
let started: Core | null = null;
let preparing = false;

async function prepare(): Promise<void> {
  if (box.core !== null || preparing) return;
  preparing = true;
  const ready = element("ready", HTMLElement);
  ready.textContent = text("preparing");
  element("not-ready", HTMLElement).hidden = true;
  hideRefusal();
  try {
    started ??= await Core.start();
    const [root] = await Promise.all([fetchText(place("root")), takePapers(), attachments.start()]);
    await started.call("mailbox.verify", place("root"), root, Date.now());
    box.core = started;
    ready.textContent = text("ready");
    fields.disabled = false;
    // She may be reading or on a link by now.
    if (document.activeElement === null || document.activeElement === document.body) code.focus();
  } catch (cause) {
    ready.textContent = "";
    element("not-ready", HTMLElement).hidden = false;
    showRefusal(refusalOf(cause));
  } finally {
    preparing = false;
  }
}

function open(): Promise<void> {
  return box.run(async (core) => {
    fields.disabled = true;
    try {
      const typed = code.value;
      step("step-opening");
      const words = await core.call<[number, number]>("mailbox.enter", typed);
      const contents = await fetchBox(core);
      code.value = "";
      showWords(wordsOf(words));
      showContents(contents);
      step("step-box");
    } catch (cause) {
      fields.disabled = false;
      step("step-enter");
      const refusal = refusalOf(cause);
      showRefusal(refusal, refusal.code === "code-length" ? code : null);
    }
  });
}

function showWords([first, second]: [string, string]): void {
  element("word-1", HTMLElement).textContent = first;
  element("word-2", HTMLElement).textContent = second;
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
    // That the code was changed says all there is to say.
    if (item.kind === "rotation") said?.remove();
    else if (said !== null) said.textContent = item.text ?? text("not-shown");
    list.append(line);
  }
  element("no-answers", HTMLElement).hidden = contents.may_write;
  list.hidden = !contents.may_write;
  element("incomplete", HTMLElement).hidden = !contents.incomplete;
  element("replaced", HTMLElement).hidden = !contents.replaced;
  element("missing", HTMLElement).hidden = !contents.may_write;
  element("add", HTMLElement).hidden = !contents.may_write;
  element("message-sent", HTMLElement).hidden = true;
  messageFields.disabled = false;
  life.offer(contents);
  openings.offer(contents);
}

/** Everything that will be sealed. Called once for each press on Send. */
function gather(): MessageDraft {
  return { text: messageText.value, language: place("language"), safe_word: messageWord.value, files: [] };
}

const showRoom = roomTeller(element("message-room", HTMLElement), async () =>
  box.core === null ? null : await box.core.call<number>("mailbox.room", JSON.stringify(gather())),
);

async function sealAndPost(core: Core, draft: string): Promise<void> {
  const frame = await core.call<Bytes>("mailbox.seal", draft, Date.now());
  await postWithWork(core, place("action"), frame, await core.call<Bytes>("work.subject", frame), sayWaiting);
}

function sendMessage(): Promise<void> {
  if (messageText.value.trim() === "" && messageWord.value.trim() === "" && attachments.count === 0) {
    showRefusal(new Refusal("empty"), messageText);
    return Promise.resolve();
  }
  return box.run(async (core) => {
    messageFields.disabled = true;
    element("message-sent", HTMLElement).hidden = true;
    try {
      const gathered = gather();
      await attachments.check(await core.call<number>("mailbox.room", JSON.stringify(gathered)));
      const draft = JSON.stringify({ ...gathered, files: await attachments.send(core) });
      try {
        await sealAndPost(core, draft);
      } catch (cause) {
        const refused = refusalOf(cause).code;
        if (refused !== "epoch" && refused !== "sequence") throw cause;
        // Somebody wrote first, or the centre changed its key: read everything again and seal the same words at the new place.
        await takePapers();
        const contents = await fetchBox(core);
        showContents(contents);
        messageFields.disabled = true;
        if (!contents.may_write) throw cause;
        await sealAndPost(core, draft);
      }
      const contents = await core.call<Contents>("mailbox.acknowledged");
      // For the next one.
      workAhead(core, await core.call<Bytes>("mailbox.subject"));
      messageText.value = "";
      messageWord.value = "";
      attachments.clear();
      showContents(contents);
      const sent = element("message-sent", HTMLElement);
      sent.textContent = text("sent");
      sent.hidden = false;
      showRoom();
    } catch (cause) {
      // A field that is disabled takes no focus.
      messageFields.disabled = false;
      const refusal = refusalOf(cause);
      if (!attachments.tell(refusal)) showRefusal(refusal, refusal.code === "size" ? messageText : null);
    } finally {
      messageFields.disabled = false;
    }
  });
}

/** Takes everything out of the page and out of the worker's memory; the worker itself stays, since nothing may be loaded any more. */
function wipe(): void {
  void box.core?.call("mailbox.forget");
  forgetWork();
  showWords(["", ""]);
  showContents(NOTHING);
  messageText.value = "";
  messageWord.value = "";
  attachments.clear();
  showRoom();
  code.value = "";
  life.forget();
  hideRefusal();
  fields.disabled = box.core === null;
}

function close(): void {
  wipe();
  step("step-enter");
}

const life = startCodeLife(box, wipe);
const openings = startOpenings(box);

on("open-box", "submit", open);
on("message", "submit", sendMessage);
on("close-box", "click", () => {
  if (!box.busy) close();
});
messageText.addEventListener("input", showRoom);
messageWord.addEventListener("input", showRoom);
document.addEventListener("cleared", () => {
  if (!box.busy) close();
});

askBeforeLeaving();
retryOn(prepare);
void prepare();
