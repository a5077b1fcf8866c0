// A certificate for 127.0.0.1 that lasts a day, made in the story that needs it: no key lies in the repository, and none runs out.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const DAY = 24 * 60 * 60 * 1000;

/** A value of DER: tag, length, content. */
function der(tag, ...parts) {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts) => der(0x30, ...parts);
const oid = (hex) => der(0x06, Buffer.from(hex, "hex"));
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));

/** UTCTime, which lasts until 2049. */
function time(at) {
  return der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));
}

function extension(id, value) {
  return sequence(oid(id), der(0x04, value));
}

function pem(label, bytes) {
  return `-----BEGIN ${label}-----\n${bytes.toString("base64").match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;
}

/** Key and certificate, each in PEM; the certificate is its own authority. */
export function certificate() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const name = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from("a mail server of a story")))));
  const now = Date.now();
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const key = createHash("sha1").update(spki).digest();
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, serial),
    ECDSA_SHA256,
    name,
    sequence(time(new Date(now - DAY)), time(new Date(now + DAY))),
    name,
    spki,
    der(
      0xa3,
      sequence(
        // Subject key identifier; subject alternative name: the address; extended key usage: server.
        extension("551d0e", der(0x04, key)),
        extension("551d11", sequence(der(0x87, [127, 0, 0, 1]))),
        extension("551d25", sequence(oid("2b06010505070301"))),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, [0], signature));
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }), cert: pem("CERTIFICATE", whole) };
}
