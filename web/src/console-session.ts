/**
 * What the console keeps between two pages: the unlocked identity, encrypted under a key that only the server's memory holds
 * (protocol section 6), and drafts sealed to her own key. Nothing else is ever stored in the browser.
 */
const IDENTITY = "approdo";
const DRAFT = "approdo-draft-";

export function parkedIdentity(): string | null {
  return sessionStorage.getItem(IDENTITY);
}

export function parkIdentity(sealed: string): void {
  sessionStorage.setItem(IDENTITY, sealed);
}

export function dropIdentity(): void {
  sessionStorage.removeItem(IDENTITY);
}

export function keptDraft(caseId: string): string | null {
  return sessionStorage.getItem(DRAFT + caseId);
}

/** `null` forgets the draft. */
export function keepDraft(caseId: string, sealed: string | null): void {
  if (sealed === null) sessionStorage.removeItem(DRAFT + caseId);
  else sessionStorage.setItem(DRAFT + caseId, sealed);
}
