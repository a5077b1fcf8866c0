// What the corpora of the fuzz targets grow from: the committed vectors of the protocol, taken apart, and small files made by hand.
// Usage: node fuzz/seeds.mjs FOLDER; one folder a target is written there. `scripts/fuzz.sh corpus` minimises them into fuzz/corpus.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node fuzz/seeds.mjs FOLDER");
const VECTORS = path.join(import.meta.dirname, "../crates/keyring/tests/vectors");
const vector = (name) => JSON.parse(readFileSync(path.join(VECTORS, `${name}.json`), "utf8"));
const base64 = (text) => Buffer.from(text, "base64url");
const json = (value) => Buffer.from(JSON.stringify(value));

function seed(target, ...contents) {
  mkdirSync(path.join(folder, target), { recursive: true });
  for (const content of contents) {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
    const name = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    writeFileSync(path.join(folder, target, name), bytes);
  }
}

const frames = vector("frames");
const turning = vector("turning");
const requests = vector("requests");
const chain = vector("chain");
const items = [...frames.frames, ...turning.conversation, ...turning.notes];

// The largest size differs from the others in nothing but its length.
const small = items.map((item) => base64(item.frame)).filter((frame) => frame.length <= 16_384);
seed("frame", ...small);
for (const frame of small) {
  const end = 12 + frame.readUInt32LE(8);
  seed("headers", frame.subarray(12, end));
  // From the first wrap on: an age file each.
  seed("sealed_file", frame.subarray(end + 2, end + 500), frame.subarray(end + 2 + "age-encryption.org/v1\n-> X25519 ".length, end + 400));
}
seed("headers", ...[...vector("headers").clear, ...vector("headers").inner].map((header) => header.json));
// Answers, files of checkpoints and proofs of the audit log: small ones made by hand, which are committed as the corpus.
const AUDIT = path.join(import.meta.dirname, "corpus/audit");
seed("audit", ...readdirSync(AUDIT).map((name) => readFileSync(path.join(AUDIT, name))));
seed("mailbox_pages", ...vector("mailbox").pages.map((page) => base64(page).subarray(8, 8_192)));

// What lies inside of a seal.
const inner = vector("headers").inner.find((header) => header.valid).json;
const counted = (bytes) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes]);
};
for (const item of items) {
  const content = json(item.content);
  if (content.length > 4_096) continue;
  const header = inner.replace('"kind":"report"', `"kind":"${item.kind}"`);
  seed("contents", content, Buffer.concat([counted(Buffer.from(header)), counted(content), Buffer.alloc(96)]));
}
const windows = [{ from: "2026-11-24T09:00:00Z", to: "2026-11-24T10:00:00Z" }];
const call = { number: "+39 333", language: "it", windows, if_somebody_else_answers: "corso di yoga" };
const files = vector("files");
const entries = files.files.map((file) => file.entry);
seed("contents", json({ ...frames.frames[0].content, call_back: call, safe_word: "limone", files: entries }), json({ text: "ciao", files: entries }));

const documents = [chain.root, chain.bundle, chain.bundle.certificate, ...chain.bundle.statements];
seed("documents", ...documents.map(json), ...documents.filter((it) => it.payload).map((it) => base64(it.payload)));
const operator = vector("operator");
const person = JSON.parse(base64(chain.bundle.certificate.payload)).founding_members[0].person;
const slot = { salt: operator.salt, login_key: operator.login_key, blob: operator.slot };
const keys = { signing_key: operator.signing_key, recipient: operator.recipient };
seed("documents", json({ person, account: "ada", name: "Ada", language: "it", ...keys, slot }));
seed("documents", json({ channel: "safe", number: 1, wraps: [{ to: person, wrap: frames.epoch.wrap }, { to: "paper", wrap: frames.epoch.wrap }] }));

seed("requests", base64(requests.burn.request).subarray(0, 200), ...turning.burns.map((burn) => base64(burn.request)));
seed("requests", ...requests.upload.chunks.map((chunk) => base64(chunk.request)), base64(requests.upload.status));
seed("requests", base64(requests.work.challenge), base64(requests.work.token), requests.work.token);
seed("requests", ...vector("mailbox").requests.map((page) => base64(page.request)), base64(vector("mailbox").nonce));
const word = { suite: "approdo-1", centre: person, channel: "safe", case: person, epoch: 1, author: operator.signing_key, safe_word: "limone" };
seed("requests", Buffer.concat([json(word), Buffer.alloc(960)]).subarray(0, 960));

for (const file of files.files) {
  const sealed = base64(file.sealed);
  if (sealed.length < 2_000) for (const step of [0, 63, 255]) seed("file_stream", Buffer.concat([Buffer.from([file.entry.length % 256, step]), sealed]));
}

const derivation = vector("derivation");
seed("words", ...derivation.codes.flatMap((code) => [...code.typed, code.recipient, code.signing_key, code.mailbox]), ...operator.typed);
seed("words", frames.operator, files.files[0].entry.secret, operator.signature, derivation.network, requests.upload.file, '"3-7"', "it", "pt-BR");
seed("words", "sqlite:var/approdo.db", "postgres://approdo:word@127.0.0.1:5432/approdo?sslmode=disable", operator.recipient, "0123456789abcdef");

seed("settings", "10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "::ffff:10.0.0.0/104", "0.0.0.0/0", "https://example.org", "http://127.0.0.1:8080/", "http://[::1]:80");
seed("settings", "http://abc.onion", "anna@example.org", "Ada.Rossi-2", "2026-W47", "2026-W53", "2010-5", "2012-");
seed("settings", json({ contact: 12, "case-file": 60, claim: 120, child: 30 }));

const hash = createHash("sha256").update("").digest("hex");
const part = (name) => ({ file: name, bytes: 4_096, sha256: hash, rows: { report: 3 } });
const backup = {
  program: "0.1.0",
  made_at: "2026-11-24T03:10:00Z",
  network: derivation.network,
  schema: ["m0001_accounts"],
  newest_week: "2026-W47",
  data: part("data"),
  wraps: part("wraps"),
  tombstones: part("tombstones"),
};
const manifest = (it) => `${JSON.stringify({ format: 1, sha256: createHash("sha256").update(JSON.stringify(it)).digest("hex"), backup: it }, null, 2)}\n`;
seed("kept_files", manifest(backup), manifest({ ...backup, network: null, newest_week: null }), '{"format": 2}');
// Lengths whose sum is no number of 64 bits; written by hand, because a number of JavaScript cannot hold them.
const longest = (text) => text.replaceAll("4096", "18446744073709551615");
const much = longest(JSON.stringify(backup));
seed("kept_files", longest(manifest(backup)).replace(/"sha256": "[0-9a-f]+",\n {2}"backup"/, `"sha256": "${createHash("sha256").update(much).digest("hex")}",\n  "backup"`));
seed("kept_files", `${hash} 2026-W47\n${hash} 2026-W40\n`, `${hash} 2027-W01\r\n\n${hash.slice(9)}`, `${hash.toUpperCase()} 2026-W54\n`);

const both = (text) => ({ it: text, en: text });
const facts = {
  centre: person,
  slug: "porto",
  demonstration: true,
  name: both("Porto"),
  about: both("Uno."),
  town: "Livorno",
  province: "LI",
  region: "Toscana",
  address: null,
  phones: [{ number: "+39 0586 000000", label: both("Linea"), source: "esempio", checked: "2026-11-22" }],
  languages: ["it"],
  time_zone: "Europe/Rome",
  reading_hours: [{ weekday: 1, from: "09:00", to: "17:00" }],
  closed: [{ month: 12, day: 25 }],
  promise_days: 2,
};
seed("facts", json(facts), json({ ...facts, address: both("Via Uno"), exceptions: [{ date: "2026-12-24", periods: [] }] }));

// Pictures of a few pixels that no decoder opens: the parts that a cleaner looks at, in their order.
const tiff = Buffer.concat([Buffer.from("II*\0\x08\0\0\0\x01\0", "latin1"), Buffer.from([0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0])]);
const segment = (marker, content) => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255]), bytes]);
};
const exif = segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), tiff]));
const jpeg = [
  segment(0xe0, "JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
  segment(0xe1, "http://ns.adobe.com/xap/1.0/\0x"),
  segment(0xed, "Photoshop 3.0\0"),
  segment(0xee, "Adobe\0\x64\0\0\0\0\x01"),
  segment(0xfe, "x"),
  segment(0xdb, Buffer.alloc(65)),
  segment(0xc0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0]),
  segment(0xc4, Buffer.alloc(18)),
  segment(0xda, [1, 1, 0, 0, 63, 0]),
  Buffer.from([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xd9, 9, 9]),
];
const raw = (kind, ...parts) => Buffer.concat([Buffer.from([kind]), ...parts]);
// The first byte of an input chooses the file's first bytes, which are left out here.
seed("pictures", raw(0, ...jpeg), raw(4, exif, ...jpeg), raw(252, exif, ...jpeg.slice(5)), raw(0, ...jpeg.slice(0, 6)));
const crc = (bytes) => {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
};
const chunk = (kind, content) => {
  const body = Buffer.concat([Buffer.from(kind), Buffer.from(content)]);
  const number = (value) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
  return Buffer.concat([number(body.length - 4), body, number(crc(body))]);
};
const header = chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
const rest = [chunk("tEXt", "a\0b"), chunk("tIME", Buffer.alloc(7)), chunk("IDAT", [1, 2, 3]), chunk("IDAT", []), chunk("IEND", []), Buffer.from("x")];
seed("pictures", raw(1, header, ...rest), raw(253, header, chunk("gAMA", [0, 0, 1, 1]), chunk("eXIf", tiff), chunk("PLTE", [1, 2, 3]), ...rest));
seed("pictures", raw(5, header, chunk("acTL", Buffer.alloc(8)), chunk("fcTL", Buffer.alloc(26)), chunk("IDAT", [1]), chunk("fdAT", Buffer.alloc(8)), chunk("IEND", [])));
const riff = (kind, content) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([Buffer.from(kind), length, Buffer.from(content), Buffer.alloc(content.length % 2)]);
};
const extended = (flags) => riff("VP8X", [flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
seed("pictures", raw(2, riff("VP8L", [0x2f, 0, 0, 0, 0])), raw(254, extended(0x2c), riff("ICCP", "xx"), riff("VP8L", [0x2f, 0, 0, 0, 0]), riff("EXIF", tiff), riff("XMP ", "x")));
seed("pictures", raw(6, extended(2), riff("ANIM", Buffer.alloc(6)), riff("ANMF", Buffer.concat([Buffer.alloc(16), riff("VP8 ", "abcd")]))));

const targets = readdirSync(folder).map((target) => `${target} ${readdirSync(path.join(folder, target)).length}`);
console.log(targets.join("\n"));
