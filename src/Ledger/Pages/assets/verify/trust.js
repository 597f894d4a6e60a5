/** What a proof is checked by: keys that the user has from somewhere else than the proof, and what they remember of the log. */

import { ProofError, decodeHash, decodeUtf8, equal, withoutMark } from './bytes.js';
import { isConsistent } from './merkle.js';
import { KeyType, cosignedAt, isOf, openCheckpoint, parseKey, parseNote, readCheckpoint, readNote, signedBy } from './note.js';
import { parsePolicy } from './policy.js';
import { grouped, instantOf, parseNumber } from './text.js';

const MAX_CONSISTENCY_BYTES = 128 * 1024;

/**
 * @typedef {object} Inputs
 * @property {string} key The log's vkey.
 * @property {string[]} [witnesses] Vkeys; each of them must have cosigned.
 * @property {Uint8Array} [older] A signed checkpoint kept from another time, earlier or later.
 * @property {Uint8Array} [consistency] Shows that the proof's checkpoint agrees with it, where their sizes differ.
 * @property {Uint8Array} [policy] A policy file: a quorum of its witnesses must have cosigned.
 */

/**
 * The log, as its signed checkpoint says. grownFrom: size of the checkpoint that it was compared with.
 * @typedef {{
 *   origin: string, size: number, root: Uint8Array, signedBy: string, witnesses: { name: string, at: string }[], others: number,
 *   grownFrom: number | null
 * }} LogFacts
 */

/**
 * Reads what the user gave.
 * @param {Inputs} inputs
 * @returns {Promise<Trust>}
 */
export async function readTrust(inputs) {
  const log = await keyOf("the log's key", inputs.key, KeyType.log);
  const witnesses = new Map();
  for (const vkey of inputs.witnesses ?? []) {
    const witness = await keyOf("a witness's key", vkey, KeyType.witness);
    witnesses.set(witness.text, witness);
  }
  if (inputs.consistency && !inputs.older) {
    throw new ProofError('a consistency proof shows nothing without the checkpoint that it is from, or to');
  }
  const older = await within('the checkpoint', inputs.older, async bytes => {
    const note = readNote(bytes);
    await openCheckpoint(note, log);
    return note;
  });
  const policy = await within('the policy', inputs.policy, parsePolicy);
  const consistency = await within('the consistency proof', inputs.consistency, async bytes => {
    const request = parseConsistency(bytes);
    await openCheckpoint(request.note, log);
    return request;
  });
  return new Trust(log, [...witnesses.values()], older, consistency, policy);
}

/** @param {string} what @param {string} vkey @param {number} type */
async function keyOf(what, vkey, type) {
  try {
    const key = await parseKey(vkey.trim());
    if (key.type !== type) {
      throw new ProofError(`it is ${type === KeyType.log ? "a witness's and not a log's" : "a log's and not a witness's"}`);
    }
    return key;
  } catch (e) {
    throw e instanceof ProofError ? new ProofError(`${what} '${vkey.trim()}' is not right: ${e.message}`) : e;
  }
}

/**
 * @template T
 * @param {string} what
 * @param {Uint8Array | undefined} bytes
 * @param {(bytes: Uint8Array) => T | Promise<T>} parse
 * @returns {Promise<T | null>}
 */
async function within(what, bytes, parse) {
  if (!bytes) return null;
  try {
    return await parse(withoutMark(bytes));
  } catch (e) {
    throw e instanceof ProofError ? new ProofError(`${what} cannot be used: ${e.message}`) : e;
  }
}

/** A consistency proof in the form in which a log shows it to witnesses (c2sp.org/tlog-witness). @param {Uint8Array} body */
function parseConsistency(body) {
  if (body.length > MAX_CONSISTENCY_BYTES) throw new ProofError(`a request has at most ${grouped(MAX_CONSISTENCY_BYTES)} bytes`);
  const text = decodeUtf8(body);
  const end = text.indexOf('\n\n');
  if (end < 0 || !text.startsWith('old ')) {
    throw new ProofError("a request is a line 'old SIZE', the hashes of the proof, an empty line and a checkpoint");
  }
  const [old, ...hashes] = text.slice(0, end).split('\n');
  if (hashes.length > 63) throw new ProofError('a proof has at most 63 hashes');
  const request = { older: parseNumber(old.slice(4), 'the old size'), proof: hashes.map(decodeHash), note: parseNote(text.slice(end + 2)) };
  readCheckpoint(request.note.text);
  return request;
}

export class Trust {
  /**
   * @param {import('./note.js').Key} log
   * @param {import('./note.js').Key[]} witnesses
   * @param {import('./note.js').Note | null} older
   * @param {ReturnType<typeof parseConsistency> | null} consistency
   * @param {import('./policy.js').Policy | null} policy
   */
  constructor(log, witnesses, older, consistency, policy) {
    Object.assign(this, { log, witnesses, older, consistency, policy });
  }

  /**
   * Checks a proof's checkpoint: of this log, signed, cosigned, and of one history with the older one.
   * @param {string} text The note.
   * @returns {Promise<{ checkpoint: import('./note.js').Checkpoint, facts: LogFacts }>}
   */
  async open(text) {
    const note = parseNote(text);
    const checkpoint = await openCheckpoint(note, this.log);
    const cosigned = await signedBy(note, this.witnesses);
    const missing = this.witnesses.find(witness => !cosigned.has(witness.text));
    if (missing) throw new ProofError(`the checkpoint is not cosigned by the witness ${missing.name}`);
    const asked = this.witnesses.map(key => ({ key, at: cosignedAt(cosigned.get(key.text).bytes) }));
    const witnessed = [...asked, ...await this.#quorum(note)];
    const known = [this.log, ...witnessed.map(one => one.key)];
    const older = this.older ? await openCheckpoint(this.older, this.log) : null;
    if (older) await this.#agree(older, checkpoint);
    const facts = {
      origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root, signedBy: `${this.log.name}+${this.log.id}`,
      witnesses: distinct(witnessed).map(one => ({ name: one.key.name, at: instantOf(one.at) })),
      others: note.signatures.filter(signature => !known.some(key => isOf(signature, key))).length, grownFrom: older?.size ?? null,
    };
    return { checkpoint, facts };
  }

  /** The policy's witnesses that cosigned. @param {import('./note.js').Note} note */
  async #quorum(note) {
    if (!this.policy) return [];
    if (this.policy.logs.length > 0 && !this.policy.logs.some(log => log.text === this.log.text)) {
      throw new ProofError(`the policy does not trust the log ${this.log.name}+${this.log.id}`);
    }
    const { witnessed, isQuorumMet } = await this.policy.evaluate(note);
    if (!isQuorumMet) {
      const names = witnessed.map(one => one.name).join(', ') || 'by none';
      throw new ProofError(`the checkpoint lacks the policy's quorum, which is ${this.policy.describeQuorum()}; cosigned: ${names}`);
    }
    return witnessed;
  }

  /** One log has one history: the smaller tree is the beginning of the larger one. */
  async #agree(kept, proofs) {
    if (kept.size === proofs.size) {
      if (equal(kept.root, proofs.root)) return;
      throw new ProofError(`the log has signed two different trees of ${kept.size} leaves: this one and the checkpoint given. `
        + 'Keep both files: they are evidence that its history was rewritten');
    }
    const [older, newer] = kept.size < proofs.size ? [kept, proofs] : [proofs, kept];
    if (!this.consistency) {
      throw new ProofError(`that the log's tree of ${newer.size} leaves begins with that of ${older.size} was not shown: `
        + "give the log's consistency proof between the two");
    }
    if (this.consistency.older !== older.size || (await openCheckpoint(this.consistency.note, this.log)).text !== newer.text) {
      throw new ProofError(`the consistency proof is not from ${older.size} leaves to the checkpoint of ${newer.size}`);
    }
    if (!await isConsistent(older.size, newer.size, older.root, newer.root, this.consistency.proof)) {
      throw new ProofError(`the log's tree of ${newer.size} leaves does not begin with that of ${older.size}, `
        + 'or the consistency proof was damaged');
    }
  }
}

/** A witness that was asked for twice, by its key and by the policy, is one. */
const distinct = witnessed => witnessed.filter((one, i) =>
  witnessed.findIndex(other => other.key.name === one.key.name && other.at === one.at) === i);
