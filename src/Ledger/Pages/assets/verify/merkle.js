/**
 * The tree of RFC 6962 §2.1 and its proofs (RFC 9162 §2.1.3, §2.1.4). Numbers are below 2^53: they are halved by arithmetic, as bit
 * operations have 32 bits.
 */

import { concat, equal } from './bytes.js';

/** Digests asked for at once: each is a promise, and waiting for one after the other would take most of the time. */
const MAX_PENDING = 4_096;

/** Bytes that wait to be hashed, at most, so that long entries do not fill the memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array>} */
export const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** SHA-256(0x00 ‖ entry). @param {Uint8Array} entry */
export const leafHash = entry => sha256(concat([0], entry));

/** SHA-256(0x01 ‖ left ‖ right). @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(concat([1], left, right));

/** The root of the tree without leaves. */
export const emptyRoot = () => sha256(new Uint8Array());

const half = number => Math.floor(number / 2);
const isOdd = number => number % 2 === 1;

/**
 * The root of a list that goes by once, in bounded memory: the roots of the complete subtrees that its size's binary digits name.
 * @template T
 */
export class MerkleRoot {
  #entryOf;
  /** What is not hashed yet. @type {T[]} */
  #pending = [];
  #pendingBytes = 0;

  /** The subtree of 2^level leaves that waits for its sibling. @type {(Uint8Array | undefined)[]} */
  #waiting = [];

  /** Leaves added so far. */
  size = 0;

  /**
   * @param {(item: T) => Uint8Array | Promise<Uint8Array>} [entryOf] The entry of what is added, which may take a digest itself. Without
   * it, that is the entry.
   */
  constructor(entryOf = item => item) {
    this.#entryOf = entryOf;
  }

  /** Adds one leaf. @param {T} item Must not change afterwards. */
  async addLeaf(item) {
    this.#pending.push(item);
    this.#pendingBytes += item.length ?? 0;
    this.size++;
    if (this.#pending.length === MAX_PENDING || this.#pendingBytes >= MAX_PENDING_BYTES) await this.#hash();
  }

  /** Adds a complete subtree, which must be a node of the tree: see covering. @param {Uint8Array} root @param {number} level */
  async addSubtree(root, level) {
    await this.#hash();
    await this.#add([root], level);
    this.size += 2 ** level;
  }

  /** The root over what was added so far. */
  async root() {
    await this.#hash();
    let root;
    for (const subtree of this.#waiting) {
      if (subtree) root = root ? await nodeHash(subtree, root) : subtree;
    }
    return root ?? emptyRoot();
  }

  async #hash() {
    const items = this.#pending;
    [this.#pending, this.#pendingBytes] = [[], 0];
    if (items.length > 0) await this.#add(await Promise.all(items.map(async item => leafHash(await this.#entryOf(item)))), 0);
  }

  /** Joins adjacent nodes of one level, level by level; the last one may remain over. */
  async #add(nodes, level) {
    for (; nodes.length > 0; level++) {
      if (this.#waiting[level]) nodes = [this.#waiting[level], ...nodes];
      this.#waiting[level] = isOdd(nodes.length) ? nodes.at(-1) : undefined;
      nodes = await Promise.all(Array.from({ length: half(nodes.length) }, (_, i) => nodeHash(nodes[2 * i], nodes[2 * i + 1])));
    }
  }
}

/**
 * The levels of the fewest complete subtrees that make up the leaves [first, end), left to right.
 * @param {number} first
 * @param {number} end
 * @returns {number[]}
 */
export function covering(first, end) {
  const levels = [];
  while (first < end) {
    let [level, leaves] = [0, 1];
    while (first % (2 * leaves) === 0 && 2 * leaves <= end - first) [level, leaves] = [level + 1, 2 * leaves];
    levels.push(level);
    first += leaves;
  }
  return levels;
}

/**
 * Whether the path leads from the leaf to the root (RFC 9162 §2.1.3.2); its length must be exactly right.
 * @param {number} index
 * @param {number} size
 * @param {Uint8Array} hash The leaf's.
 * @param {Uint8Array[]} path
 * @param {Uint8Array} root
 */
export async function isIncluded(index, size, hash, path, root) {
  if (index >= size) return false;
  let [fn, sn] = [index, size - 1];
  for (const sibling of path) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = await nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(hash, root);
}

/**
 * Whether the tree of size begins with the older one (RFC 9162 §2.1.4.2). Every tree begins with the empty one.
 * @param {number} older
 * @param {number} size Larger than older.
 * @param {Uint8Array} olderRoot
 * @param {Uint8Array} root
 * @param {Uint8Array[]} proof
 */
export async function isConsistent(older, size, olderRoot, root, proof) {
  if (older === 0) return proof.length === 0 && equal(olderRoot, await emptyRoot());
  const path = Number.isInteger(Math.log2(older)) && 2 ** Math.log2(older) === older ? [olderRoot, ...proof] : proof;
  if (path.length === 0) return false;
  let [fn, sn] = [older - 1, size - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      [fr, sr] = [await nodeHash(hash, fr), await nodeHash(hash, sr)];
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = await nodeHash(sr, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(olderRoot, fr) && equal(root, sr);
}
