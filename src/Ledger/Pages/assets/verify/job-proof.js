/** A job's erasure proof (docs/formats.md, "Job proof"), checked in one pass and bounded memory. */

import { ProofError, decodeBase64, equal } from './bytes.js';
import { commitmentOf, parseDisclosure } from './disclosure.js';
import { parseLeaf } from './leaf.js';
import { MerkleRoot, covering } from './merkle.js';
import { MAX_SIGNATURES } from './note.js';
import { JobRecord } from './record.js';
import { jobReport } from './report.js';
import { isJobId, parseNumber } from './text.js';

export const JOB_HEADER = 'erasure-proof/v1';

/** Lines of a checkpoint's note, at most: its text and signatures. */
const MAX_CHECKPOINT_LINES = 16 + MAX_SIGNATURES;
const MAX_REST_HASHES = 256;

/**
 * @param {import('./lines.js').ProofLines} lines
 * @param {import('./trust.js').Trust} trust
 * @returns {Promise<import('./report.js').Report>}
 */
export async function checkJobProof(lines, trust) {
  const check = new JobProofCheck(lines, trust);
  try {
    return await check.run();
  } catch (e) {
    throw e instanceof ProofError ? new ProofError(`line ${check.line}: ${e.message}`) : e;
  }
}

class JobProofCheck {
  #lines;
  #trust;
  #record;
  #checkpoint;
  #isJudged = false;
  /** Half-open. */
  #leaves = { first: 0, end: 0, runs: 0 };

  constructor(lines, trust) {
    this.#lines = lines;
    this.#trust = trust;
  }

  get #history() { return this.#record.history; }

  /** The line that a problem is told of: a broken rule is told after the hashes, and stands before them. */
  get line() { return (this.#isJudged && this.#record.isKnown ? this.#record.brokenLine : null) ?? this.#lines.number; }

  async run() {
    const log = await this.#header();
    let line = await this.#lines.nextText();
    for (; line.startsWith('run '); line = await this.#lines.nextText()) await this.#run(numbersOf(line, 'run', 4));
    const [count] = numbersOf(line, 'disclosures', 1);
    this.#isJudged = true;
    await this.#record.end(this.#lines.number);
    if (!this.#record.isKnown) throw await this.#unjudged(count);
    const { cId, disclosed } = await this.#disclosures(count);
    await this.#history.expectManifest(await this.#manifestRest());
    await this.#end();
    return jobReport(this.#record.job, this.#history, log, this.#leaves, cId, disclosed);
  }

  async #header() {
    if (await this.#lines.nextText() !== JOB_HEADER) throw new ProofError(`the first line is not '${JOB_HEADER}'`);
    const origin = valueOf(await this.#lines.nextText(), 'origin');
    const job = valueOf(await this.#lines.nextText(), 'job');
    if (!isJobId(job)) throw new ProofError('the job is not named by a job id');
    const [count] = numbersOf(await this.#lines.nextText(), 'checkpoint', 1);
    if (count > MAX_CHECKPOINT_LINES) throw new ProofError(`a checkpoint has at most ${MAX_CHECKPOINT_LINES} lines`);
    let note = '';
    for (let i = 0; i < count; i++) note += `${await this.#lines.nextText()}\n`;
    const { checkpoint, facts } = await this.#trust.open(note);
    if (origin !== checkpoint.origin) {
      throw new ProofError(`the proof is of the log '${origin}', and its checkpoint of '${checkpoint.origin}'`);
    }
    [this.#checkpoint, this.#record] = [checkpoint, new JobRecord(job)];
    return facts;
  }

  /** Adjacent leaves between the subtrees left and right of them: together they must give the log's root. */
  async #run([first, count, lefts, rights]) {
    if (count === 0 || first < this.#leaves.end || first > this.#checkpoint.size - count) {
      throw new ProofError('a run has at least one leaf, lies behind the one before it and within the log');
    }
    const tree = new MerkleRoot();
    await this.#subtrees(tree, 0, first, lefts);
    for (let i = 0; i < count; i++) {
      const entry = await this.#lines.next();
      await tree.addLeaf(entry);
      await this.#record.add(parseLeaf(entry), this.#lines.number);
    }
    await this.#subtrees(tree, first + count, this.#checkpoint.size, rights);
    if (!equal(await tree.root(), this.#checkpoint.root)) {
      throw new ProofError(`the leaves ${first} to ${first + count - 1} are not those of the log: they do not give its root`);
    }
    this.#leaves = { first: this.#leaves.runs === 0 ? first : this.#leaves.first, end: first + count, runs: this.#leaves.runs + 1 };
  }

  async #subtrees(tree, first, end, count) {
    const levels = covering(first, end);
    if (count !== levels.length) {
      throw new ProofError(`the leaves from ${first} up to ${end} are ${levels.length} subtrees, and not ${count}`);
    }
    for (const level of levels) await tree.addSubtree(await this.#lines.nextHash(), level);
  }

  /** Identifiers and salts that give the commitments of the request and of every outcome: all of them, or none. */
  async #disclosures(count) {
    if (count === 0) return { cId: null, disclosed: 0 };
    const isCId = this.#history.submitted.requestType === 'cId';
    const { cursor, manifest } = this.#history.attempts;
    const all = cursor + (isCId ? 1 : 0);
    if (count !== all) throw new ProofError(`a proof discloses all identifiers or none: ${all}, and not ${count}`);
    const cId = isCId ? await this.#discloseCId() : null;
    const root = await this.#conversations(cursor);
    if (!equal(await root.root(), await manifest.root())) throw otherConversations();
    return { cId, disclosed: cursor };
  }

  /** The root over what the ordinals from 0 on are said to be. */
  async #conversations(count, first = null) {
    const root = new MerkleRoot(commitmentOf);
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const disclosure = ordinal === 0 && first ? first : await this.#disclosure();
      if (disclosure.kind !== 'conversation' || disclosure.ordinal !== ordinal) {
        throw new ProofError(`the disclosure of conversation ${ordinal} was expected`);
      }
      await root.addLeaf(disclosure);
    }
    return root;
  }

  async #disclosure() { return parseDisclosure(await this.#lines.next()); }

  /** What follows events of which some are not known: how much of it there must be cannot be said, but its form and its hashes can be. */
  async #unjudged(count) {
    let [first, conversations] = [count > 0 ? await this.#disclosure() : null, count];
    if (first?.kind === 'cId') {
      if (first.ordinal !== undefined) throw new ProofError('the disclosure of the cId was expected');
      if (!this.#record.isOfRequest(await commitmentOf(first))) throw anotherCId();
      [first, conversations] = [null, count - 1];
    }
    const root = await this.#conversations(conversations, first);
    const rest = await this.#manifestRest();
    if (conversations > 0 && !await this.#record.isOfRecord(root, conversations, rest)) throw otherConversations();
    await this.#end();
    return this.#record.notProven();
  }

  async #discloseCId() {
    const disclosure = await this.#disclosure();
    if (disclosure.kind !== 'cId' || disclosure.ordinal !== undefined) throw new ProofError('the disclosure of the cId was expected');
    if (!equal(await commitmentOf(disclosure), decodeBase64(this.#history.submitted.commitments[0]))) throw anotherCId();
    return disclosure.id;
  }

  async #manifestRest() {
    const [count] = numbersOf(await this.#lines.nextText(), 'manifest-rest', 1);
    if (count > MAX_REST_HASHES) throw new ProofError('the rest of the manifest has too many hashes');
    const rest = [];
    while (rest.length < count) rest.push(await this.#lines.nextHash());
    return rest;
  }

  async #end() {
    if (await this.#lines.nextText() !== 'end') throw new ProofError("the last line is not 'end'");
    await this.#lines.end();
  }
}

const anotherCId = () => new ProofError('the disclosed cId is not the one that the request commits to');
const otherConversations = () => new ProofError('the disclosed conversation ids are not those that the outcomes are of');

function valueOf(line, name) {
  if (!line.startsWith(`${name} `)) throw new ProofError(`a line '${name} …' was expected`);
  return line.slice(name.length + 1);
}

function numbersOf(line, name, count) {
  const numbers = valueOf(line, name).split(' ');
  if (numbers.length !== count) throw new ProofError(`'${name}' has ${count} number${count === 1 ? '' : 's'}`);
  return numbers.map(number => parseNumber(number, `a number of '${name}'`));
}
