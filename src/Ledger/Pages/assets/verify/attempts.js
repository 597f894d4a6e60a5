/**
 * That every conversation has exactly one outcome an attempt: the first pass names the ordinals from 0 on without a gap, and each retry
 * exactly the conversations that failed in the attempt before. By roots over what goes by, so in bounded memory.
 */

import { ProofError, concat, equal } from './bytes.js';
import { MerkleRoot } from './merkle.js';

export class Attempts {
  #failing = new MerkleRoot();
  #met = new MerkleRoot();
  #owedRoot = new Uint8Array();
  #last = -1;

  /** Conversations identified; null before the list is resolved. @type {number | null} */
  conversations = null;

  /** Ordinals below this have an outcome. */
  cursor = 0;

  /** The commitments of the outcomes of the first pass; behind them, at last, the manifest's rest. */
  manifest = new MerkleRoot();

  /** Outcomes that a retry still owes. */
  owed = 0;

  /** Conversations whose latest outcome is a failure. */
  get failed() { return this.#failing.size + this.owed; }

  get isFirstPass() { return this.conversations !== null && this.cursor < this.conversations; }

  /** Every identified conversation has its outcome of this attempt. */
  get isDone() { return this.conversations !== null && !this.isFirstPass && this.owed === 0; }

  /** Nothing was tried in this attempt yet. */
  get isUntouched() { return !this.isFirstPass && this.#met.size === 0; }

  /** @param {number} conversations */
  begin(conversations) { this.conversations = conversations; }

  async retry() {
    [this.owed, this.#owedRoot] = [this.#failing.size, await this.#failing.root()];
    [this.#failing, this.#met, this.#last] = [new MerkleRoot(), new MerkleRoot(), -1];
  }

  /** @param {number} ordinal @param {Uint8Array} commitment @param {boolean} isFailed */
  async add(ordinal, commitment, isFailed) {
    if (this.conversations === null) throw new ProofError('a conversation has an outcome before the list was resolved');
    await (this.isFirstPass ? this.#addFirst(ordinal, commitment) : this.#addRetried(ordinal, commitment));
    if (isFailed) await this.#failing.addLeaf(pair(ordinal, commitment));
  }

  async #addFirst(ordinal, commitment) {
    if (ordinal !== this.cursor) {
      throw new ProofError(`the outcome of conversation ${this.cursor} is missing: ${ordinal} comes in its place`);
    }
    await this.manifest.addLeaf(commitment);
    this.cursor++;
  }

  async #addRetried(ordinal, commitment) {
    if (this.owed === 0) throw new ProofError(`conversation ${ordinal} has more than one outcome in one attempt, or is not on the list`);
    if (ordinal <= this.#last) {
      throw new ProofError(`conversation ${ordinal} has more than one outcome in one attempt, or they are out of order`);
    }
    this.#last = ordinal;
    await this.#met.addLeaf(pair(ordinal, commitment));
    this.owed--;
    if (this.owed === 0 && !equal(await this.#met.root(), this.#owedRoot)) {
      throw new ProofError('a retry has outcomes of other conversations than those that failed in the attempt before');
    }
  }
}

/** @param {number} ordinal @param {Uint8Array} commitment */
function pair(ordinal, commitment) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, ordinal);
  return concat(bytes, commitment);
}
