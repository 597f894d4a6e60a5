/** Policy files (c2sp.org/tlog-policy): whose signatures make a checkpoint valid. */

import { ProofError, decodeUtf8, equal } from './bytes.js';
import { KeyType, cosignedAt, parseCheckpoint, parseKey, signedBy } from './note.js';
import { grouped, parseNumber } from './text.js';

/** Logs, witnesses and groups, of each at most; and bytes of a file. */
const MAX_OF_EACH = 64;
const MAX_BYTES = 256 * 1024;

const FORMS = "a line is 'log VKEY [URL]', 'witness NAME VKEY [URL]', 'group NAME all|any|NUMBER MEMBER…', 'quorum NAME|none', "
  + 'a comment (#) or empty';

/** @typedef {import('./note.js').Key} Key */
/** @typedef {{ name: string, key: Key }} Witness */
/** @typedef {{ name: string, needed: number, members: string[] }} Group */

/**
 * Reads a policy file.
 * @param {Uint8Array} file
 * @returns {Promise<Policy>}
 */
export async function parsePolicy(file) {
  if (file.length > MAX_BYTES) throw new ProofError(`a policy has at most ${grouped(MAX_BYTES)} bytes`);
  const policy = new Policy();
  for (let number = 1; file.length > 0; number++) {
    const end = file.indexOf(0x0a);
    try {
      // Cut short, 'quorum w12' would pass for another quorum.
      if (end < 0) throw new ProofError('the line does not end with a newline: the file may be cut short');
      await policy.read(file.subarray(0, end));
    } catch (e) {
      throw e instanceof ProofError ? new ProofError(`line ${number}: ${e.message}`) : e;
    }
    file = file.subarray(end + 1);
  }
  if (policy.quorum === null) {
    throw new ProofError("the policy has no quorum line: 'quorum NAME', or 'quorum none' if no cosignature is needed");
  }
  return policy;
}

export class Policy {
  /** @type {Key[]} */
  logs = [];
  /** @type {Witness[]} */
  witnesses = [];
  /** @type {Map<string, Group>} */
  groups = new Map();
  /** @type {string | null} */
  quorum = null;

  #names = new Set();
  #members = new Set();

  /** One line. @param {Uint8Array} line */
  async read(line) {
    if (line.some(octet => (octet < 0x20 && octet !== 0x09) || octet === 0x7f)) {
      throw new ProofError('a control character (a carriage return?): only tabs, spaces and newlines are allowed');
    }
    // Comments need not be UTF-8.
    const start = line.findIndex(octet => octet !== 0x20 && octet !== 0x09);
    if (start < 0 || line[start] === 0x23) return;
    const [kind, ...words] = decodeUtf8(line.subarray(start)).split(/[ \t]+/).filter(word => word !== '');
    if (kind === 'log' && words.length >= 1 && words.length <= 2) await this.#addLog(words[0]);
    else if (kind === 'witness' && words.length >= 2 && words.length <= 3) await this.#addWitness(words[0], words[1]);
    else if (kind === 'group' && words.length >= 3) this.#addGroup(words[0], words[1], words.slice(2));
    else if (kind === 'quorum' && words.length === 1) this.#setQuorum(words[0]);
    else throw new ProofError(FORMS);
  }

  /**
   * The listed witnesses that cosigned, in the policy's order, and whether they are enough.
   * @param {import('./note.js').Note} note
   * @returns {Promise<{ witnessed: { name: string, key: Key, at: number }[], isQuorumMet: boolean }>}
   */
  async evaluate(note) {
    const { origin } = await parseCheckpoint(note.text);
    const signers = await signedBy(note, this.logs.filter(log => log.name === origin));
    if (this.logs.length > 0 && signers.size === 0) {
      const logs = this.logs.map(log => log.text).join(', ');
      throw new ProofError(`the checkpoint of '${origin}' is not signed by a log of the policy: ${logs}`);
    }
    const cosigners = await signedBy(note, this.witnesses.map(witness => witness.key));
    const present = this.witnesses.filter(witness => cosigners.has(witness.key.text));
    const witnessed = present.map(({ name, key }) => ({ name, key, at: cosignedAt(cosigners.get(key.text).bytes) }));
    return { witnessed, isQuorumMet: this.quorum === 'none' || this.#isMet(this.quorum, new Set(present.map(witness => witness.name))) };
  }

  /** The quorum in words: 2 of (w1, w2, all of (w3, w4)). */
  describeQuorum() {
    return this.quorum === 'none' ? 'no cosignature' : this.#describe(this.quorum);
  }

  // Members are defined before their group and belong to one group at most: this ends.
  #isMet(name, present) {
    const group = this.groups.get(name);
    return group ? group.members.filter(member => this.#isMet(member, present)).length >= group.needed : present.has(name);
  }

  #describe(name) {
    const group = this.groups.get(name);
    if (!group) return name;
    const members = group.members.map(member => this.#describe(member)).join(', ');
    return `${group.needed === group.members.length ? 'all' : group.needed} of (${members})`;
  }

  async #addLog(vkey) {
    this.logs.push(await this.#key(vkey, KeyType.log, 'log', this.logs));
  }

  async #addWitness(name, vkey) {
    const key = await this.#key(vkey, KeyType.witness, 'witness', this.witnesses.map(witness => witness.key));
    this.#define(name);
    this.witnesses.push({ name, key });
  }

  #addGroup(name, needed, members) {
    if (this.groups.size === MAX_OF_EACH) throw new ProofError(`at most ${MAX_OF_EACH} groups`);
    for (const member of members) {
      this.#refuseUnknown(member);
      if (this.#members.has(member)) throw new ProofError(`'${member}' is a member already: each name at most once, of one group`);
      this.#members.add(member);
    }
    const all = members.length;
    const threshold = needed === 'all' ? all
      : needed === 'any' ? 1
      : parseNumber(needed, "what a group needs is 'all', 'any' or a number that");
    if (threshold < 1 || threshold > all) throw new ProofError(`a group of ${all} needs 1 to ${all} of them, and not ${threshold}`);
    this.#define(name);
    this.groups.set(name, { name, needed: threshold, members });
  }

  #setQuorum(name) {
    if (this.quorum !== null) throw new ProofError('a second quorum line: there must be exactly one');
    if (name !== 'none') this.#refuseUnknown(name);
    this.quorum = name;
  }

  /** @param {string} vkey @param {number} type @param {string} what @param {Key[]} known */
  async #key(vkey, type, what, known) {
    const key = await parseKey(vkey);
    const hex = octet => `0x${octet.toString(16).padStart(2, '0')}`;
    if (key.type !== type) throw new ProofError(`the key of a ${what} is of type ${hex(type)}, and this one of ${hex(key.type)}`);
    // By the public key alone: under two names one holder of a key would count twice.
    const other = known.find(other => equal(other.publicKey, key.publicKey));
    if (other) throw new ProofError(`a second ${what} with the public key of ${other.name}`);
    if (known.length >= MAX_OF_EACH) throw new ProofError(`at most ${MAX_OF_EACH} lines '${what}'`);
    return key;
  }

  #define(name) {
    if (name === 'none') throw new ProofError("'none' is the quorum that needs no cosignature, and no other name");
    if (this.#names.has(name)) throw new ProofError(`'${name}' is defined already: witnesses and groups share their names`);
    this.#names.add(name);
  }

  #refuseUnknown(name) {
    if (!this.#names.has(name)) throw new ProofError(`'${name}' is neither a witness nor a group of a line before this one`);
  }
}
