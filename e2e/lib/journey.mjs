// The whole journey, once, in one language, as one person and one operator live it.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as canary from "./canaries.mjs";
import * as operator from "./operator.mjs";
import * as reporter from "./reporter.mjs";
import { assertClean } from "./story.mjs";

/**
 * Safety page → place → report → code → sign-in → inbox → open → answer → code → answer → second message → close.
 * Returns every text that must stand nowhere afterwards.
 */
export async function wholeJourney(stage, test, { language, slug, door, account }) {
  const said = {
    urgent: canary.sentence("Ho paura di tornare a casa stasera."),
    contact: canary.sentence("Alla fermata davanti alla biblioteca,"),
    plain: canary.sentence("I would like to ask something."),
    answer: canary.sentence("Abbiamo letto il messaggio; giovedì alle dieci siamo qui."),
    second: canary.sentence("Grazie, giovedì va bene."),
    note: canary.sentence("Seguito da due colleghe,"),
  };
  const options = { language, headers: { "x-forwarded-for": canary.CLIENT_ADDRESS, forwarded: `for=${canary.CLIENT_ADDRESS}` } };

  // She writes: the urgent report first, so that the order of the inbox cannot come from the order of arrival.
  const her = await stage.visit(test, { ...options, userAgent: canary.USER_AGENT });
  await reporter.walkToForm(her.page, { language, slug, door });
  await reporter.fill(her.page, { text: said.urgent, safeContact: said.contact, urgent: true });
  const code = await reporter.send(her.page);
  await her.page.fill("#last-group", "0000" === code.groups[4] ? "1111" : "0000");
  await her.page.click("#confirm-code");
  assert.equal(await reporter.errorText(her.page), await reporter.sentence(her.page, "last-group"));
  await reporter.confirm(her.page, code);
  assert.equal((await her.page.content()).includes(code.groups.join("")), false, "the code is wiped from the page");

  // Somebody else writes after her, without urgency.
  const other = await stage.visit(test, options);
  await reporter.walkToForm(other.page, { language, slug, door });
  await reporter.fill(other.page, { text: said.plain });
  const otherCode = await reporter.send(other.page);
  await other.page.click("#skip-confirm");
  await other.page.waitForSelector("#step-done:not([hidden])");
  assertClean(other);

  // The operator signs in and sees the urgent one first.
  const her_centre = await stage.visit(test, options);
  await operator.signIn(her_centre.page, { language, account });
  const inbox = await operator.readInbox(her_centre.page);
  const arrived = inbox.filter((line) => line.state === "arrived");
  assert.equal(arrived.length, 2);
  assert.deepEqual(arrived.map((line) => line.urgent), [true, false], "urgent first");
  for (const line of arrived) {
    for (const text of Object.values(said)) assert.equal(line.text.includes(text), false, "the inbox shows nothing of a text");
  }
  await operator.show(her_centre.page, arrived[0]);
  assert.equal((await her_centre.page.content()).includes("APPRODO1"), false);
  const opened = await operator.open(her_centre.page);
  assert.equal(opened.length, 1);
  assert.equal(opened[0].text, said.urgent);
  assert.ok(opened[0].contact.includes(said.contact));
  await operator.answer(her_centre.page, said.answer);

  // She comes back with the code, and nothing is loaded any more once it is typed (I15).
  await her.page.goto(`/${language}/box`);
  await reporter.formReady(her.page);
  await pause(300);
  const typedAt = her.seen.requests.length;
  await her.page.fill("#code", code.groups.join(" "));
  await her.page.click("#open");
  await her.page.waitForSelector("#step-box:not([hidden])");
  const words = [await her.page.textContent("#word-1"), await her.page.textContent("#word-2")];
  assert.deepEqual(words.map((word) => word.trim()), code.words, "the same two words as when the code was made");
  let box = await reporter.readBox(her.page);
  assert.equal(box.length, 2);
  assert.equal(box[1].text, said.answer);
  assert.equal(box[0].text.includes(said.urgent), false, "her own words are never shown again");
  await reporter.addMessage(her.page, said.second);
  box = await reporter.readBox(her.page);
  assert.equal(box.length, 3);
  await her.page.click("#close-box");
  await her.page.waitForSelector("#step-enter:not([hidden])");
  const late = her.seen.requests.slice(typedAt).filter(({ type, path }) => ["script", "stylesheet", "document", "image", "font"].includes(type) || path.startsWith("/static/"));
  assert.deepEqual(late, [], "nothing is loaded after the code was typed");
  assertClean(her);

  // The operator sees it, and closes.
  await her_centre.page.goto(`/${language}/console/`);
  await operator.show(her_centre.page, arrived[0]);
  const continued = await operator.open(her_centre.page);
  assert.deepEqual(continued.map((item) => item.text), [said.urgent, said.answer, said.second]);
  await operator.close(her_centre.page, { reason: "helped", note: said.note });
  await her_centre.page.goto(`/${language}/console/`);
  const left = await operator.readInbox(her_centre.page);
  const closed = left.find((line) => line.case === arrived[0].case);
  assert.ok(closed === undefined || closed.state === "closed", "the report is closed");
  await operator.signOut(her_centre.page, { language });
  assertClean(her_centre);

  return [...Object.values(said), ...canary.codeForms(code), ...canary.codeForms(otherCode), account.passphrase];
}
