// "Who opened what I wrote" as a hostile server could answer it: the honest answer of protocol section 12.11 taken apart and put together
// again, with a checkpoint that takes in the acts of a week that is not over yet.

import { createHash } from "node:crypto";

const LENGTH = 36_864;
const HEAD = 24;
const CHECKPOINT = 79;
/** Kind, week, actor, centre, channel, salt. */
const ACT = 1 + 3 + 16 + 16 + 1 + 32;

const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

function typed(name, ...parts) {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(name.length));
  return sha(length, Buffer.from(name), ...parts);
}

/** The acts of an answer in which no week is over, without their ends. */
export function actsOf(answer) {
  const here = answer.readUInt32LE(HEAD - 4);
  return Array.from({ length: here }, (_, place) => {
    const start = HEAD + CHECKPOINT + place * (ACT + 1);
    return Buffer.from(answer.subarray(start, start + ACT));
  });
}

/** An answer with these acts, none of them proved. */
export function unproved(acts) {
  return put(acts, Buffer.alloc(CHECKPOINT), acts.map(() => Buffer.from([0xff])));
}

/** The same acts in the tree of a first checkpoint, as they stand there once their week is over. */
export function proved(acts, caseId) {
  const leaves = acts.map((act) => leafOf(act, caseId));
  const order = [...leaves].sort(Buffer.compare);
  const checkpoint = Buffer.alloc(CHECKPOINT);
  checkpoint.writeUInt32LE(1, 0);
  acts[0].copy(checkpoint, 4, 1, 4);
  checkpoint.writeBigUInt64LE(BigInt(leaves.length), 7);
  rootOf(order).copy(checkpoint, 15);
  const ends = leaves.map((leaf) => {
    const place = order.findIndex((one) => one.equals(leaf));
    const way = wayOf(order, place);
    const end = Buffer.alloc(9);
    end.writeUInt8(way.length, 0);
    end.writeBigUInt64LE(BigInt(place), 1);
    return Buffer.concat([end, ...way]);
  });
  return { checkpoint, ends };
}

/** An answer of these acts with the proofs of others. */
export function put(acts, checkpoint, ends) {
  const head = Buffer.alloc(HEAD);
  head.write("APPRODOA");
  [acts.length, 0, 1, acts.length].forEach((number, place) => head.writeUInt32LE(number, 8 + 4 * place));
  const bytes = Buffer.concat([head, checkpoint, ...acts.flatMap((act, place) => [act, ends[place]])]);
  return Buffer.concat([bytes, Buffer.alloc(LENGTH - bytes.length)]);
}

function leafOf(act, caseId) {
  const [kind, week] = [act.subarray(0, 1), act.subarray(1, 4)];
  const [people, channel, salt] = [act.subarray(4, 36), act.subarray(36, 37), act.subarray(37)];
  const object = Buffer.from(caseId.replaceAll("-", ""), "hex");
  const commitment = typed("approdo/audit-opening/v1", salt, people, object, channel, Buffer.alloc(4));
  return typed("approdo/audit-leaf/v1", kind, week, commitment);
}

const middleOf = (count) => 2 ** Math.floor(Math.log2(count - 1));

function rootOf(leaves) {
  if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0]);
  const middle = middleOf(leaves.length);
  return sha(Buffer.from([1]), rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

function wayOf(leaves, place) {
  if (leaves.length === 1) return [];
  const middle = middleOf(leaves.length);
  return place < middle
    ? [...wayOf(leaves.slice(0, middle), place), rootOf(leaves.slice(middle))]
    : [...wayOf(leaves.slice(middle), place - middle), rootOf(leaves.slice(0, middle))];
}
