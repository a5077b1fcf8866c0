// What the browser sealed opens with the stock age command and the paper from the safe, when nothing of this software is left
// (protocol sections 2, 6 and 12.2; I8).

import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as canary from "../lib/canaries.mjs";
import * as reporter from "../lib/reporter.mjs";
import { stage } from "../lib/story.mjs";

const here = stage();

/** Decrypts with the command of the age project's Rust edition; the key is a file, as on the day when it is needed. */
async function rage(name, identity, sealed) {
  const key = path.join(here.server.folder, `${name}.key`);
  const file = path.join(here.server.folder, `${name}.age`);
  await writeFile(key, identity, { mode: 0o600 });
  await writeFile(file, sealed);
  return execFileSync("rage", ["--decrypt", "--identity", key, file], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Cuts a frame into its parts, from the description in the protocol alone. */
function parts(frame) {
  assert.equal(frame.subarray(0, 8).toString("latin1"), "APPRODO1");
  let place = 8;
  const take = (length) => frame.subarray(place, (place += length));
  const u32 = () => take(4).readUInt32LE();
  const clear = JSON.parse(take(u32()).toString("utf8"));
  const wraps = [];
  for (let left = take(1)[0]; left > 0; left -= 1) wraps.push({ kind: take(1)[0], wrap: take(832) });
  const body = take(u32());
  assert.equal(frame.length - place, 64, "the signature ends the frame");
  return { clear, wraps, body };
}

for (const [size, length] of [["small", 40], ["middle", 6_000], ["large", 30_000]]) {
  test(`a ${size} report opens with rage and the paper identity`, async (t) => {
    const text = canary.sentence("à".repeat(length / 2));
    const her = await here.visit(t);
    let frame;
    await her.page.route("**/reports", (route) => {
      frame = route.request().postDataBuffer();
      return route.continue();
    });
    await her.page.goto("/it/places/mantova/a");
    await reporter.formReady(her.page);
    await reporter.fill(her.page, { text });
    await reporter.send(her.page);
    assert.ok([4_096, 16_384, 65_536].includes(frame.length), `${frame.length} bytes`);
    const { clear, wraps, body } = parts(frame);
    assert.equal(clear.channel, "safe");
    assert.deepEqual(wraps.map(({ kind }) => kind), [1], "sealed to the epoch and to nobody else");

    const paper = await readFile(path.join(here.server.demo, "private/paper/mantova-safe.txt"), "utf8");
    const epochs = JSON.parse(await readFile(path.join(here.server.demo, "public/mantova/epochs.json"), "utf8"));
    const { wrap } = epochs.find(({ number, channel }) => number === clear.epoch && channel === "safe").wraps.find(({ to }) => to === "paper");
    const epochKey = await rage("epoch", paper, Buffer.from(wrap, "base64url"));
    const itemKey = await rage("item", epochKey, wraps[0].wrap);
    const opened = await rage("body", itemKey, body);

    const headerLength = Number(opened.readBigUInt64LE(0));
    const header = JSON.parse(opened.subarray(8, 8 + headerLength).toString("utf8"));
    assert.equal(header.case, clear.case);
    const contentLength = Number(opened.readBigUInt64LE(8 + headerLength));
    const content = JSON.parse(opened.subarray(16 + headerLength, 16 + headerLength + contentLength).toString("utf8"));
    assert.equal(content.text, text);
  });
}

test("the paper of another centre opens nothing", async () => {
  const paper = await readFile(path.join(here.server.demo, "private/paper/livorno-safe.txt"), "utf8");
  const epochs = JSON.parse(await readFile(path.join(here.server.demo, "public/mantova/epochs.json"), "utf8"));
  const { wrap } = epochs[0].wraps.find(({ to }) => to === "paper");
  await assert.rejects(rage("wrong", paper, Buffer.from(wrap, "base64url")));
});
