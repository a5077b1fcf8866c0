// Codes that change, reports that are withdrawn, and two members who take it back: what the stories of safe-word and withdraw share.

import * as canary from "./canaries.mjs";
import { PHONE } from "./browser.mjs";
import * as operator from "./operator.mjs";
import * as reporter from "./reporter.mjs";

/** A centre with two members for each language. */
const CENTRES = { it: ["livorno", "elena.livorno", "grace.livorno"], en: ["mantova", "chiara.mantova", "amina.mantova"] };
/** Twenty digits that belong to nobody. */
export const NOBODY = "27182818284590452353";

/** Both members at their desks. */
async function members(here, t, language) {
  const [, ...names] = CENTRES[language];
  const both = [];
  for (const name of names) {
    const one = await here.visit(t, { language });
    await operator.signIn(one.page, { language, account: here.server.account(name) });
    both.push(one);
  }
  return both;
}

/** She writes with a safe word; the first member answers, where there is to be an answer. */
export async function story(here, t, language, { secrets, word, answered = true }) {
  const desks = await members(here, t, language);
  const her = await here.visit(t, { language, viewport: PHONE });
  const { page } = her;
  const said = canary.sentence("Una frase");
  const answer = canary.sentence("Una risposta");
  secrets.push(said, answer, ...(word ? [word] : []));
  await page.goto(`/${language}/places/${CENTRES[language][0]}/a`);
  await reporter.formReady(page);
  await reporter.fill(page, { text: said, safeWord: word });
  const code = await reporter.send(page);
  secrets.push(...canary.codeForms(code));
  await reporter.confirm(page, code);
  const desk = desks[0].page;
  await desk.goto(`/${language}/console/`);
  const line = (await operator.readInbox(desk)).find(({ state }) => state === "arrived");
  await operator.show(desk, line);
  if (answered) {
    await operator.open(desk);
    await operator.answer(desk, answer);
  }
  return { her, page, code, said, answer, caseId: line.case, desks, language };
}

/** A member opens the case anew and reads what it says about words and codes. */
export async function readLives({ caseId, language }, { page }) {
  await operator.showCase(page, { language, caseId });
  await operator.open(page);
  const text = async (selector) => ((await page.isVisible(selector)) ? (await page.textContent(selector)).trim() : null);
  return {
    words: await page.locator("#items .item [data-part=word]").evaluateAll((all) => all.map((one) => one.dataset.word)),
    now: await text("#word-now"),
    withdrawn: await text("#withdrawn-word"),
    undos: await page.locator("#undos form:not([hidden])").count(),
    isFinal: (await page.locator("#undos [data-part=word]:not([hidden])").count()) > 0,
  };
}

/** The sentence of the console for a word of hers. */
export const sentence = (page, name) => page.getAttribute("#texts", `data-${name}`);

/** A member signs that it is taken back. */
export async function sign({ caseId, language }, { page }) {
  await operator.showCase(page, { language, caseId });
  await operator.open(page);
  await page.fill("#undos textarea", canary.sentence("Lo ha chiesto al telefono,"));
  await page.click("#undos [data-part=send]");
  await page.waitForSelector("#sent:not([hidden])");
}

/** What anybody sees with a code: whether there is anything, and the words of the answers. */
export async function boxOf(here, t, language, code) {
  const { page } = await here.visit(t, { language });
  await reporter.openBox(page, { language, code });
  const isEmpty = await page.isVisible("#no-answers");
  return { page, isEmpty, items: await reporter.readBox(page), screen: await page.locator("main").innerText() };
}
