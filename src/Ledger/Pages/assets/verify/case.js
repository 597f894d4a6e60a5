/** The case behind a job: it is told in its place, and its deadline only moves to later days. docs/formats.md, "What a checker checks". */

import { ProofError } from './bytes.js';

/** Extensions that are named at most. */
const MAX_NAMED = 100;

export class Case {
  /** The event; null: the job has no case. */
  recorded = null;
  /** Later deadlines: the first hundred. @type {{ at: string, dueOn: string, reason: string, client: string }[]} */
  extensions = [];

  #dueOn = undefined;

  /** @param {any} recorded The event. @param {number} version Its version. */
  record(recorded, version) {
    if (version !== 2) throw new ProofError("a job's second event, and no other, can be its case");
    if (Object.keys(recorded).length === 0) throw new ProofError('a case that says nothing');
    if (recorded.dueOn < recorded.receivedOn) throw new ProofError('a case that was due before it was received');
    [this.recorded, this.#dueOn] = [recorded, recorded.dueOn];
  }

  /** @param {any} extended The event. @param {string} at */
  extend(extended, at) {
    if (!this.recorded) throw new ProofError('the deadline of a job without a case was extended');
    const { receivedOn } = this.recorded;
    // The first deadline is no day before the receipt. Every other one is later than the one before it.
    const isLater = this.#dueOn !== undefined ? extended.dueOn > this.#dueOn : receivedOn === undefined || extended.dueOn >= receivedOn;
    if (!isLater) throw new ProofError('a deadline was extended to a day that is not later');
    this.#dueOn = extended.dueOn;
    if (this.extensions.length < MAX_NAMED) this.extensions.push({ at, ...extended });
  }
}
