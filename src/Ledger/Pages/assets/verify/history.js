/** That a job's events, as they go by, are a whole history of it by the ledger's rules: docs/formats.md, "What a checker checks". */

import { Attempts } from './attempts.js';
import { ProofError, decodeBase64, equal } from './bytes.js';
import { Case } from './case.js';
import { MerkleRoot, covering } from './merkle.js';

/** Openings that are named at most. */
const MAX_NAMED = 100;
export const MAX_ATTEMPTS = 4;
const MAX_IDS = 100;

export class JobHistory {
  attempts = new Attempts();
  case = new Case();
  version = 0;
  submitted = null;
  started = null;
  completed = null;
  /** Instants at which these were recorded. */
  submittedAt = null;
  startedAt = null;
  completedAt = null;
  firstDeletedAt = null;
  lastDeletedAt = null;
  deleted = 0;
  items = { messages: 0, transcripts: 0, recordings: 0, attachments: 0, logs: 0 };
  /** By reason. @type {Record<string, number>} */
  skipped = {};
  /**
   * In which something was deleted: the first hundred.
   * @type {{ name: string, cron: string, timeZone: string, opens: string, closes: string }[]}
   */
  openings = [];

  #plan = null;
  #isAttemptFailed = false;

  get attempt() { return this.#plan?.attempt ?? 0; }

  /**
   * @param {import('./leaf.js').Leaf} leaf
   * @param {any} event The leaf's; null if it is not known: it then has its place in the stream, and nothing else is said of it.
   */
  async add(leaf, event) {
    if (leaf.version !== this.version + 1) {
      throw new ProofError(`event ${this.version + 1} of the job is missing: ${leaf.version} comes in its place`);
    }
    if (this.completed) throw new ProofError("an event follows the job's end");
    this.version++;
    const isSubmission = event !== null && leaf.type === 'submitted';
    if (isSubmission !== (this.version === 1)) throw new ProofError("a job's first event, and no other, is its submission");
    if (event !== null) await this.#apply(event, leaf);
  }

  /** The job ended, and its counts are those of its outcomes. */
  end() {
    const end = this.completed;
    if (!end) throw new ProofError("the job's last event, which ends it, is missing");
    const isEqual = end.conversations === (this.attempts.conversations ?? 0) && end.deleted === this.deleted
      && end.failed === this.attempts.failed && isSame(end.items, this.items) && isSame(end.skipped, this.skipped);
    if (!isEqual) throw new ProofError("the counts of the job's last event are not the sums of its outcomes");
  }

  /**
   * The outcomes are those of the list which the job committed to before it deleted anything.
   * @param {Uint8Array[]} rest Roots of the complete subtrees of ordinals without an outcome.
   */
  async expectManifest(rest) {
    const levels = covering(this.attempts.cursor, this.attempts.conversations ?? 0);
    if (rest.length !== levels.length) throw new ProofError(`the rest of the manifest has ${levels.length} hashes, and not ${rest.length}`);
    if (!this.started) return;
    for (const [i, hash] of rest.entries()) await this.attempts.manifest.addSubtree(hash, levels[i]);
    if (!equal(await this.attempts.manifest.root(), decodeBase64(this.started.manifestRoot))) {
      throw new ProofError('the outcomes are not of the conversations that the job committed to when it started (manifest root)');
    }
  }

  async #apply(event, leaf) {
    switch (leaf.type) {
      case 'submitted':
        expectRequest(event);
        [this.submitted, this.submittedAt] = [event, leaf.at];
        break;
      case 'case_recorded':
        this.case.record(event, leaf.version);
        break;
      case 'deadline_extended':
        this.case.extend(event, leaf.at);
        break;
      case 'scheduled':
        await this.#schedule(event);
        break;
      case 'started':
        await this.#start(event);
        this.startedAt = leaf.at;
        break;
      case 'conversation_deleted':
        await this.#delete(event, leaf.at);
        break;
      case 'conversation_skipped':
        await this.#skip(event);
        break;
      case 'failed':
        await this.#fail(event);
        break;
      case 'completed':
        this.#finish(event);
        [this.completed, this.completedAt] = [event, leaf.at];
        break;
      default:
        throw new Error(`${leaf.type} is not checked`);
    }
  }

  async #schedule(plan) {
    const isSameAttempt = () => this.#plan && plan.attempt === this.attempt && !this.#isAttemptFailed;
    const isInPlace = {
      off_peak: () => !this.#plan && plan.attempt === 1,
      window_closed: isSameAttempt,
      window_changed: isSameAttempt,
      retry: () => this.#plan && plan.attempt === this.attempt + 1 && plan.attempt <= MAX_ATTEMPTS
        && (this.#isAttemptFailed || (this.attempts.isDone && this.attempts.failed > 0)),
    }[plan.reason]();
    if (!isInPlace) throw new ProofError('a plan that does not follow from what happened before it');
    if (plan.plannedAt < plan.window.opens || plan.plannedAt >= plan.window.closes) {
      throw new ProofError('a plan for an instant outside of its window');
    }
    if (plan.reason === 'retry' && this.started) await this.attempts.retry();
    [this.#plan, this.#isAttemptFailed] = [plan, false];
  }

  async #start(started) {
    this.#expectAttempt(started.attempt);
    if (this.started) throw new ProofError('the list of conversations was resolved twice');
    // A range that was asked for is the range that the list was resolved in. Where no beginning was asked for, the default that was applied
    // is named.
    const asked = this.submitted;
    const isRange = asked.requestType === 'cId'
      ? started.from !== undefined && (asked.from === undefined || asked.from === started.from)
      : started.from === undefined;
    if (!isRange) throw new ProofError('the list was resolved in another range than the one that was requested');
    if (asked.requestType === 'conversationIds') await this.#expectRequested(started);
    this.started = started;
    this.attempts.begin(started.conversations);
    if (started.conversations === 0) await this.expectManifest([]);
  }

  /** What was asked for by id is the list: no more, no less, in the same order. */
  async #expectRequested(started) {
    const root = new MerkleRoot();
    for (const commitment of this.submitted.commitments) await root.addLeaf(decodeBase64(commitment));
    if (root.size !== started.conversations || !equal(await root.root(), decodeBase64(started.manifestRoot))) {
      throw new ProofError('the list of conversations is not the one that was requested');
    }
  }

  async #delete(deleted, at) {
    this.#expectAttempt(deleted.attempt);
    await this.attempts.add(deleted.ordinal, decodeBase64(deleted.commitment), false);
    if (!deleted.confirmedAbsent) throw new ProofError(`the deletion of conversation ${deleted.ordinal} was not confirmed`);
    const { name, cron, timeZone, opens, closes } = this.#plan.window;
    if (at < opens || at >= closes) {
      throw new ProofError(`conversation ${deleted.ordinal} was deleted at ${at}, outside of the window's opening ${opens} to ${closes}`);
    }
    this.deleted++;
    for (const kind of Object.keys(this.items)) {
      this.items[kind] += deleted.items[kind];
      if (this.items[kind] > Number.MAX_SAFE_INTEGER) throw new ProofError('more items were counted than can be');
    }
    this.firstDeletedAt = this.firstDeletedAt < at ? this.firstDeletedAt : at;
    this.lastDeletedAt = this.lastDeletedAt > at ? this.lastDeletedAt : at;
    const opening = { name, cron, timeZone, opens, closes };
    const isNew = this.openings.length === 0 || !isSame(this.openings.at(-1), opening);
    if (isNew && this.openings.length < MAX_NAMED) this.openings.push(opening);
  }

  async #skip(skipped) {
    if (skipped.reason === 'retention' && this.started && this.started.retainedFrom === undefined) {
      throw new ProofError(`conversation ${skipped.ordinal} was skipped as out of retention, and the job knows no end of retention`);
    }
    await this.attempts.add(skipped.ordinal, decodeBase64(skipped.commitment), false);
    this.skipped[skipped.reason] = (this.skipped[skipped.reason] ?? 0) + 1;
  }

  async #fail(failed) {
    this.#expectAttempt(failed.attempt);
    const { attempt, retriesRemaining } = failed;
    if (retriesRemaining !== MAX_ATTEMPTS - attempt) {
      throw new ProofError(`after attempt ${attempt} ${MAX_ATTEMPTS - attempt} retries remain, and not ${retriesRemaining}`);
    }
    if (failed.ordinal !== undefined) {
      await this.attempts.add(failed.ordinal, decodeBase64(failed.commitment), true);
      return;
    }
    if (this.started) throw new ProofError('an attempt failed as a whole although its list was resolved');
    this.#isAttemptFailed = true;
  }

  #finish(end) {
    const { attempts, started } = this;
    const isRight = {
      completed: () => attempts.isDone && attempts.failed === 0 && end.untouchedFrom === undefined,
      failed: () => (started ? attempts.isDone && attempts.failed > 0 : this.#isAttemptFailed) && end.untouchedFrom === undefined,
      // A retry that was begun is settled before the end, so that it can be compared with what failed before.
      cancelled: () => end.untouchedFrom === attempts.cursor
        && (!started || attempts.isFirstPass || attempts.isDone || attempts.isUntouched),
    }[end.outcome]();
    if (!isRight) throw new ProofError(`the job says that it ended as '${end.outcome}', which its outcomes contradict`);
  }

  #expectAttempt(attempt) {
    if (!this.#plan || attempt !== this.attempt || this.#isAttemptFailed) {
      throw new ProofError(`an event of attempt ${attempt} where attempt ${this.attempt} was planned`);
    }
  }
}

/** A request commits to one cId, with the end of a range; or to 1 to 100 conversation ids, without a range. */
function expectRequest(request) {
  const isCId = request.requestType === 'cId';
  const { from, to, commitments } = request;
  if (isCId ? to === undefined || from > to : from !== undefined || to !== undefined) {
    throw new ProofError("the request's range is none: one by cId has an end, and one by conversation ids has no range");
  }
  const distinct = new Set(commitments).size;
  if (distinct !== commitments.length || (isCId ? distinct !== 1 : distinct < 1 || distinct > MAX_IDS)) {
    throw new ProofError(`the request does not commit to one cId, or to 1 to ${MAX_IDS} different conversation ids`);
  }
}

/** Whether two flat objects have the same members. */
const isSame = (a, b) => Object.keys(a).length === Object.keys(b).length && Object.keys(a).every(name => a[name] === b[name]);
