// Words that must stand nowhere, in any of the forms in which a careless program would write them.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

/** Stands in a header that a proxy would set: an address of the documentation range, so nobody's. */
export const CLIENT_ADDRESS = "203.0.113.77";
/** Stands in the browser's name. */
export const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 CanaryAgent7f3a Chrome/140.0.0.0 Safari/537.36";

/** A sentence with a word in it that is nowhere else. */
export function sentence(about) {
  return `${about} ${randomBytes(12).toString("hex")}`;
}

/** A text as plain bytes, UTF-16, hexadecimal, base64 at each of its three alignments, percent-encoded. */
function forms(text) {
  const bytes = Buffer.from(text, "utf8");
  const found = [bytes, Buffer.from(text, "utf16le"), Buffer.from(bytes.toString("hex")), Buffer.from(encodeURIComponent(text))];
  for (let shift = 0; shift < 3; shift += 1) {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    // Without the characters that depend on the neighbours.
    const inner = padded.toString("base64url").slice(shift === 0 ? 0 : shift + 1, -3);
    found.push(Buffer.from(inner), Buffer.from(inner.replaceAll("-", "+").replaceAll("_", "/")));
  }
  return found;
}

/** Every form in which a code could stand: whole, in groups, with the usual separators. */
export function codeForms({ groups }) {
  return ["", " ", "-", "\u00a0", "\u202f"].map((between) => groups.join(between));
}

/**
 * Asserts that none of the texts stands in what was written.
 * @param {{file: string, bytes: Buffer}[]} written
 * @param {string[]} texts
 */
export function assertNowhere(written, texts) {
  assert.ok(written.some(({ bytes }) => bytes.length > 4096), "there is something to search");
  for (const { file, bytes } of written) {
    for (const text of texts) {
      for (const form of forms(text)) {
        assert.equal(bytes.indexOf(form), -1, `${file} contains "${text}" as ${form.toString("latin1").slice(0, 60)}`);
      }
    }
  }
}

/** Asserts that the search itself finds what is there. */
export function assertSearchWorks() {
  const text = "Una frase che sta da qualche parte";
  for (const form of forms(text)) {
    const hay = Buffer.concat([Buffer.alloc(5000, 0x20), form]);
    assert.throws(() => assertNowhere([{ file: "sample", bytes: hay }], [text]));
  }
}
