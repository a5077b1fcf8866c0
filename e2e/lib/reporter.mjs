// Somebody who writes: what she does on the public pages, in the words of a story. Selectors are ids and data attributes
// only, so that the same steps run in every language.

import assert from "node:assert/strict";

/** The safety page, the list of centres, one centre, the form. Ends where the fields can be filled. */
export async function walkToForm(page, { language, slug, door }) {
  await page.goto(`/${language}/`);
  await follow(page, `main a[href="/${language}/first"]`);
  await follow(page, `main a[href="/${language}/places"]`);
  await follow(page, `main a[href="/${language}/places/${slug}"]`);
  await follow(page, `main a[href="/${language}/places/${slug}/${door}"]`);
  await formReady(page);
}

/** Clicks a link and waits until its page stands there. */
export async function follow(page, selector) {
  const link = page.locator(selector).first();
  const address = await link.getAttribute("href");
  await Promise.all([page.waitForURL((url) => url.pathname === address), link.click()]);
  await page.waitForLoadState("domcontentloaded");
}

/** Waits until the browser has verified the centre and opened the fields. */
export async function formReady(page) {
  await page.waitForSelector("#fields:not([disabled])");
}

/** Fills the form. */
export async function fill(page, { text, safeContact, urgent = false, safeWord, second }) {
  await page.fill("#text", text);
  if (safeContact) await page.fill("#safe-contact", safeContact);
  if (urgent) await page.check("#urgent");
  if ((safeWord || second) && !(await page.isVisible("#safe-word"))) await page.click("#more summary");
  if (safeWord) await page.fill("#safe-word", safeWord);
  if (second) {
    await page.check("#second");
    await page.check(`[data-second="${second}"] input`);
  }
}

/** The form for a call: the number, and as many of the times as asked for, from the first on. */
export async function fillCall(page, { number, times = 1, otherwise }) {
  await page.fill("#number", number);
  const offered = page.locator("input[data-from]");
  for (let place = 0; place < times; place += 1) await offered.nth(place).check();
  if (otherwise) await page.fill("#else-own", otherwise);
}

/** Chooses files and waits until the page has looked at each of them. */
export async function attach(page, files) {
  await page.setInputFiles("#attach-file", files);
  const looking = await page.getAttribute("#texts", "data-file-looking");
  await page.waitForFunction((sentence) => [...document.querySelectorAll("#attach-list [data-part=state]")].every((state) => state.textContent !== sentence), looking);
}

/** Sends the form and returns the code and the two words, as she reads them. */
export async function send(page) {
  await page.click("#send");
  await page.waitForSelector("#step-code:not([hidden])");
  return readCode(page);
}

/** Reads what the code step shows. */
export async function readCode(page) {
  const groups = await page.locator("#new-code [data-group]").allTextContents();
  const words = [await page.textContent("#new-word-1"), await page.textContent("#new-word-2")].map((word) => word.trim());
  assert.equal(groups.length, 5);
  for (const group of groups) assert.match(group.trim(), /^\d{4}$/);
  return { groups: groups.map((group) => group.trim()), code: groups.map((group) => group.trim()).join(""), words };
}

/** Confirms the code by typing its last group; ends at `step`. */
export async function confirm(page, code, step = "step-done") {
  await page.fill("#last-group", code.groups.at(-1));
  await page.click("#confirm-code");
  await page.waitForSelector(`#${step}:not([hidden])`);
}

/** Comes back with a code. */
export async function openBox(page, { language, code }) {
  await page.goto(`/${language}/box`);
  await formReady(page);
  await page.fill("#code", code);
  await page.click("#open");
  await page.waitForSelector("#step-box:not([hidden])");
}

/** What the mailbox shows: the kind of each entry and the text, where it is shown. */
export async function readBox(page) {
  return page.locator("#items .item").evaluateAll((items) =>
    items.map((item) => ({
      kind: item.querySelector('[data-part="kind"]').textContent.trim(),
      text: item.querySelector('[data-part="text"]')?.textContent ?? null,
    })),
  );
}

/** Changes the code from the open mailbox; returns the new code and its words, as she reads them. */
export async function changeCode(page, { safeWord } = {}) {
  await page.click("#to-change");
  if (safeWord) await page.fill("#change-word", safeWord);
  await page.click("#change-send");
  await page.waitForSelector("#step-code:not([hidden])");
  return readCode(page);
}

/** Withdraws everything from the open mailbox, with the code that was typed to open it. */
export async function withdraw(page, { code, safeWord }) {
  await page.click("#to-withdraw");
  if (safeWord) await page.fill("#withdraw-word", safeWord);
  await page.fill("#withdraw-confirm", code.slice(-4));
  await page.click("#withdraw-send");
  await page.waitForSelector("#step-withdrawn:not([hidden])");
}

/** Writes a second message from the mailbox. */
export async function addMessage(page, text, { safeWord } = {}) {
  await page.fill("#message-text", text);
  if (safeWord) await page.fill("#message-word", safeWord);
  await page.click("#message-send");
  await page.waitForSelector("#message-sent:not([hidden])");
}

/** The sentence of the error box, after it has appeared. */
export async function errorText(page) {
  await page.waitForSelector("#errors:not([hidden])");
  return (await page.textContent("#error-text")).trim();
}

/** Where the sentence stands, and how the field says that it was refused. */
export async function refused(page, selector) {
  await page.waitForSelector("#errors:not([hidden])");
  return page.evaluate((field) => {
    const errors = document.getElementById("errors");
    const input = document.querySelector(field);
    return {
      atTheField: errors.nextElementSibling === input.closest(".field"),
      invalid: input.getAttribute("aria-invalid"),
      described: (input.getAttribute("aria-describedby") ?? "").split(" ").includes("error-text"),
      focused: document.activeElement === input,
    };
  }, selector);
}

/** As it has to be. */
export const AT_THE_FIELD = { atTheField: true, invalid: "true", described: true, focused: true };

/** The translated sentence that the page has for a code, with what the script puts into it. */
export async function sentence(page, code, values = {}) {
  let text = await page.getAttribute("#texts", `data-error-${code}`);
  assert.ok(text, `the page has a sentence for ${code}`);
  for (const [name, value] of Object.entries(values)) text = text.replace(`{${name}}`, value);
  return text.trim();
}
