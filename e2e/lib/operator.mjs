// Somebody who answers at a centre: what an operator does in the console.

import assert from "node:assert/strict";

/** Signs in with the account's generated passphrase; ends at the inbox. */
export async function signIn(page, { language, account }) {
  await page.goto(`/${language}/console/sign-in`);
  await page.waitForSelector("#fields:not([disabled])");
  await page.fill("#account", account.account);
  await page.fill("#passphrase", account.passphrase);
  await Promise.all([page.waitForURL((url) => url.pathname === `/${language}/console/`), page.click("#enter")]);
}

/** The lines of the inbox, in order. */
export async function readInbox(page) {
  return page.locator("#inbox > [data-case]").evaluateAll((lines) =>
    lines.map((line) => ({
      case: line.dataset.case,
      state: line.dataset.state,
      urgent: line.querySelector(".badge-urgent") !== null,
      address: line.querySelector("h2 a").getAttribute("href"),
      text: line.textContent,
    })),
  );
}

/** Goes to a report by its address; nothing of it is opened yet. */
export async function showCase(page, { language, caseId }) {
  await page.goto(`/${language}/console/reports/${caseId}`);
  await page.waitForSelector("#open:not([disabled])");
}

/** Ticks these cases of the list and goes to the page that says what would happen to them. */
export async function choose(page, { language, cases, what }) {
  for (const one of cases) await page.check(`#inbox [data-case="${one}"] input[name=case]`);
  await Promise.all([page.waitForURL((url) => url.pathname === `/${language}/console/several`), page.click(`button[name=do][value=${what}]`)]);
  await page.waitForSelector("#several-send:not([disabled])");
}

/** What became of each chosen case, by its id, once the page has gone through them. */
export async function outcomes(page) {
  await page.waitForSelector("#several-done:not([hidden])", { timeout: 60_000 });
  return Object.fromEntries(
    await page.locator("#chosen > [data-case]").evaluateAll((lines) => lines.map((line) => [line.dataset.case, line.dataset.outcome])),
  );
}

/** Sends a form of the pages of keeping; ends at the page that says what came of it. */
export async function submit(page, selector) {
  await Promise.all([page.waitForEvent("load"), page.click(`${selector} button, button${selector}`)]);
}

/** The sentence of a page of keeping after a form: what was done, or why nothing was. */
export async function told(page) {
  return (await page.locator("#said, #refused").innerText()).trim();
}

/** Goes from the inbox to a report; nothing of it is opened yet. */
export async function show(page, line) {
  await Promise.all([page.waitForURL((url) => url.pathname === line.address), page.click(`#inbox a[href="${line.address}"]`)]);
  await page.waitForSelector("#open:not([disabled])");
}

/** Opens the report in the operator's browser and returns the conversation. */
export async function open(page) {
  await page.click("#open");
  await page.waitForSelector("#opened:not([hidden])");
  return conversation(page);
}

/** What the conversation shows now. */
export async function conversation(page) {
  return page.locator("#items > .item").evaluateAll((items) =>
    items.map((item) => ({
      kind: item.querySelector('[data-part="kind"]').textContent.trim(),
      text: item.querySelector('[data-part="text"]').textContent,
      contact: item.querySelector('[data-part="safe-contact"]').textContent,
      unreadable: !item.querySelector('[data-part="unreadable"]').hidden,
    })),
  );
}

/** Answers and waits until the answer stands in the conversation. */
export async function answer(page, text) {
  const before = (await conversation(page)).length;
  await page.fill("#answer-text", text);
  await page.click("#answer-send");
  await page.waitForSelector("#sent:not([hidden])");
  const after = await conversation(page);
  assert.equal(after.length, before + 1);
  assert.equal(after.at(-1).text, text);
}

/** Sends the ready-made first answer; returns its text. */
export async function acknowledge(page) {
  const text = (await page.textContent("#acknowledgement-text")).trim();
  await page.click("#acknowledge-send");
  await page.waitForSelector("#sent:not([hidden])");
  return text;
}

/** Closes the report with a reason and a note for colleagues. */
export async function close(page, { reason, note }) {
  await page.selectOption("#close-reason", reason);
  await page.fill("#close-note", note);
  await page.click("#close-send");
  await page.waitForSelector('#sent:not([hidden])');
}

/** Signs out; ends at the sign-in page. */
export async function signOut(page, { language }) {
  await Promise.all([
    page.waitForURL((url) => url.pathname === `/${language}/console/sign-in`),
    page.click("#sign-out button"),
  ]);
}
