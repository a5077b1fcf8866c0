/**
 * What the console keeps between two pages: the unlocked identity, encrypted under a key that only the server's memory holds
 * (protocol section 6), drafts sealed to her own key, and how far each case reached when this tab last saw it. Nothing else is ever
 * stored in the browser.
 */
const IDENTITY = "approdo";
const DRAFT = "approdo-draft-";
const ENDS = "approdo-ends-";

export function parkedIdentity(): string | null {
  return sessionStorage.getItem(IDENTITY);
}

export function parkIdentity(sealed: string): void {
  sessionStorage.setItem(IDENTITY, sealed);
}

/** With the identity goes what this tab saw; drafts stay, sealed. */
export function dropIdentity(): void {
  sessionStorage.removeItem(IDENTITY);
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(ENDS)) sessionStorage.removeItem(name);
}

export function keptDraft(caseId: string): string | null {
  return sessionStorage.getItem(DRAFT + caseId);
}

/** `null` forgets the draft. */
export function keepDraft(caseId: string, sealed: string | null): void {
  if (sealed === null) sessionStorage.removeItem(DRAFT + caseId);
  else sessionStorage.setItem(DRAFT + caseId, sealed);
}

/** The highest numbers of a case's two chains that this tab has seen, to notice a server that shows an older state. */
export interface Ends {
  conversation: number;
  notes: number;
}

export function keptEnds(caseId: string): Ends | null {
  const kept = sessionStorage.getItem(ENDS + caseId);
  return kept === null ? null : (JSON.parse(kept) as Ends);
}

export function keepEnds(caseId: string, ends: Ends): void {
  sessionStorage.setItem(ENDS + caseId, JSON.stringify({ conversation: ends.conversation, notes: ends.notes }));
}
