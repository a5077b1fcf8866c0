/**
 * The life of a code in the mailbox page (protocol section 7.4): changing it, and withdrawing everything.
 *
 * Changing: the new code is shown only after the server has acknowledged. When its answer is lost the same bytes are sent again, and
 * when the old code is unknown by then, the mailbox of the new code says whether the change has happened. Withdrawing: the same screen, the same
 * request length and the same answer for every code.
 */
import { type Box, type Contents, fetchBox, place, step, takePapers } from "./box-face.js";
import { CodeStep, type NewCode } from "./code-step.js";
import type { Core } from "./core.js";
import { Refusal, element, on, postBytes, refusalOf, showRefusal, showStage, waitTeller } from "./page.js";
import { postWithWork } from "./work.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Refusals after which nobody here knows whether the server has the change: it, or what stands before it, broke off. */
const WITHOUT_ANSWER = new Set(["network", "error", "busy"]);

const sayChangeWaits = waitTeller("waiting");
const sayWithdrawalWaits = waitTeller("withdraw-waiting");
const changeWord = element("change-word", HTMLInputElement);
const withdrawWord = element("withdraw-word", HTMLInputElement);
const withdrawConfirm = element("withdraw-confirm", HTMLInputElement);

export interface CodeLife {
  /** Shows what can be done with a mailbox like this one. */
  offer(contents: Contents): void;
  /** Whether a new code stands on the page. */
  codeShown(): boolean;
  /** Takes everything typed or shown here out of the page. */
  forget(): void;
}

/** `wipe` takes everything out of the page and the core, without showing another step. */
export function startCodeLife(box: Box, wipe: () => void): CodeLife {
  /** Whether a change was posted whose answer did not come: it may have happened. */
  let isOpen = false;

  const newCode = new CodeStep(() => box.core, "mailbox.is-code", () => {
    wipe();
    step("step-changed");
  });

  async function sealAndPost(core: Core): Promise<void> {
    showStage("seal");
    const frame = await core.call<Bytes>("mailbox.change", changeWord.value, place("language"), Date.now());
    showStage("send");
    await postWithWork(core, place("action"), frame, await core.call<Bytes>("work.subject", frame), sayChangeWaits);
  }

  /** Whether the mailbox of the new code has something in it: then the change has happened, whatever became of the answer. */
  async function hasHappened(core: Core): Promise<boolean> {
    try {
      const request = async (): Promise<Bytes> => await core.call<Bytes>("mailbox.change-request", await postBytes(place("nonce"), new Uint8Array()));
      const page = await postWithWork(core, place("page"), request, await core.call<Bytes>("mailbox.change-subject"));
      return await core.call<boolean>("mailbox.change-arrived", page);
    } catch {
      throw new Refusal("change-open");
    }
  }

  /** Posts the change; returns once the server has it. */
  async function changeCode(core: Core): Promise<void> {
    try {
      await sealAndPost(core);
    } catch (cause) {
      const { code } = refusalOf(cause);
      if (WITHOUT_ANSWER.has(code)) {
        isOpen = true;
        throw new Refusal("change-open");
      }
      if (isOpen && (await hasHappened(core))) return;
      if (code !== "epoch" && code !== "sequence") throw cause;
      // Somebody wrote first, or the centre changed its key: read everything again and seal at the new place, once.
      showStage("check");
      await takePapers();
      if (!(await fetchBox(core)).may_write) throw cause;
      await sealAndPost(core);
    }
  }

  on("to-change", "click", () => step("step-change"));
  on("change", "submit", () =>
    box.run(async (core) => {
      try {
        showStage("check");
        step("step-sealing");
        await changeCode(core);
        isOpen = false;
        newCode.show(await core.call<NewCode>("mailbox.changed"));
        changeWord.value = "";
        step("step-code");
      } catch (cause) {
        step("step-change");
        showRefusal(refusalOf(cause));
      }
    }),
  );

  on("to-withdraw", "click", () => step("step-withdraw"));
  const withdrawFields = element("withdraw-fields", HTMLFieldSetElement);
  on("withdraw", "submit", () =>
    box.run(async (core) => {
      withdrawFields.disabled = true;
      try {
        if (!(await core.call<boolean>("mailbox.is-code", withdrawConfirm.value))) throw new Refusal("last-group");
        const request = async (): Promise<Bytes> =>
          await core.call<Bytes>("mailbox.withdraw", await postBytes(place("burn-nonce"), new Uint8Array()), withdrawWord.value, Date.now());
        await postWithWork(core, place("burn"), request, await core.call<Bytes>("mailbox.subject"), sayWithdrawalWaits);
        wipe();
        step("step-withdrawn");
      } catch (cause) {
        // A field that is disabled takes no focus.
        withdrawFields.disabled = false;
        const refusal = refusalOf(cause);
        showRefusal(refusal, refusal.code === "last-group" ? withdrawConfirm : null);
      } finally {
        withdrawFields.disabled = false;
      }
    }),
  );

  for (const back of ["change-back", "withdraw-back"]) {
    on(back, "click", () => {
      if (!box.busy) step("step-box");
    });
  }

  return {
    offer({ may_write }) {
      element("change-first", HTMLElement).hidden = may_write;
      element("to-change", HTMLElement).hidden = !may_write;
      // A safe word is sealed to the centre of the answers: without one there is nobody to seal it to.
      element("withdraw-word-part", HTMLElement).hidden = !may_write;
    },
    codeShown: () => newCode.shown,
    forget() {
      isOpen = false;
      newCode.forget();
      for (const field of [changeWord, withdrawWord, withdrawConfirm]) field.value = "";
    },
  };
}
