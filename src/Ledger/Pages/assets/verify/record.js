/**
 * Judges a job's events as they go by. What a newer ledger recorded cannot be judged by this version's rules: once something unknown was
 * met, whatever they say of the rest, nothing is proven. So a broken rule is kept until all events were seen, and the hashes with them.
 */

import { NotProvenError, ProofError, decodeBase64, equal } from './bytes.js';
import { JobHistory } from './history.js';
import { eventOf } from './leaf.js';
import { MerkleRoot, covering } from './merkle.js';

/** Unknown names that are told, at most. */
const MAX_NAMED = 10;

export class JobRecord {
  history = new JobHistory();
  /** The line of the first event that broke a rule; null: none did. @type {number | null} */
  brokenLine = null;
  #broken = null;
  #unknown = [];
  #unknownLine = 0;
  #request = null;
  #list = null;

  /** @param {string} job */
  constructor(job) {
    this.job = job;
  }

  get isKnown() { return this.#unknown.length === 0; }

  /** @param {import('./leaf.js').Leaf} leaf @param {number} line */
  async add(leaf, line) {
    if (leaf.stream !== this.job) throw new ProofError(`an event of another stream: ${leaf.stream}`);
    const { event, unknown } = eventOf(leaf);
    if (this.isKnown) this.#unknownLine = line;
    this.#unknown = [...new Set([...this.#unknown, ...unknown])].slice(0, MAX_NAMED);
    if (leaf.type === 'submitted') this.#request ??= event;
    if (leaf.type === 'started') this.#list ??= event;
    await this.#judge(() => this.history.add(leaf, event), line);
  }

  /** What the rules say of the whole. @param {number} line */
  async end(line) {
    await this.#judge(() => this.history.end(), line);
    if (this.isKnown && this.#broken) throw this.#broken;
  }

  /** The verdict on what is not known. */
  notProven() { return new NotProvenError(this.#unknown, this.#unknownLine); }

  /** Whether this can be the cId that was asked for, as far as the request is known. @param {Uint8Array} cId */
  isOfRequest(cId) {
    const { requestType, commitments } = this.#request ?? {};
    return !this.#request || (requestType === 'cId' && commitments.length === 1 && equal(cId, decodeBase64(commitments[0])));
  }

  /**
   * Whether disclosed conversations are of something that the log says, where not all of it is known: of the outcomes, of the request, or
   * of the list. That these agree with one another is a rule of the history. The rest of a list is of that list alone.
   * @param {MerkleRoot} commitments Of the first ordinals.
   * @param {number} count How many.
   * @param {Uint8Array[]} rest The manifest's rest.
   */
  async isOfRecord(commitments, count, rest) {
    const root = await commitments.root();
    const { cursor, manifest } = this.history.attempts;
    const isByIds = this.#request?.requestType === 'conversationIds';
    const isOther = (cursor === count && equal(await manifest.root(), root))
      || (isByIds && await isAsked(this.#request.commitments, root, count));
    if (!this.#list) return isOther || !isByIds;
    if (count > this.#list.conversations) return isOther; // not of this list
    const levels = covering(count, this.#list.conversations);
    if (levels.length !== rest.length) return isOther;
    for (const [i, hash] of rest.entries()) await commitments.addSubtree(hash, levels[i]);
    return (isOther && rest.length === 0) || equal(await commitments.root(), decodeBase64(this.#list.manifestRoot));
  }

  async #judge(rules, line) {
    if (this.#broken) return;
    try {
      await rules();
    } catch (e) {
      if (!(e instanceof ProofError)) throw e;
      [this.#broken, this.brokenLine] = [e, line];
    }
  }
}

async function isAsked(asked, root, count) {
  const tree = new MerkleRoot();
  for (const commitment of asked.slice(0, count)) await tree.addLeaf(decodeBase64(commitment));
  return tree.size === count && equal(await tree.root(), root);
}
