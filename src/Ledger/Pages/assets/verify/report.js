/** What a proof that holds says, and what it does not: the same words as erasure-verify's. */

import { encodeBase64 } from './bytes.js';
import { failureReasons, skipReasons } from './leaf.js';
import { grouped } from './text.js';

/**
 * @typedef {object} Report
 * @property {'erased' | 'partlyErased' | 'nothingErased' | 'notCompleted'} conclusion A proof that holds may prove that nothing was erased.
 * @property {string} headline The same in a sentence; begins with ERASED only where everything was erased.
 * @property {[string, string][]} facts Label and text.
 * @property {string[]} proven
 * @property {string[]} notProven Never empty.
 */

/**
 * @param {string} id The job's.
 * @param {import('./history.js').JobHistory} job
 * @param {import('./trust.js').LogFacts} log
 * @param {{ first: number, end: number, runs: number }} leaves
 * @param {string | null} cId
 * @param {number} disclosed Conversation ids that the file shows, each checked.
 * @returns {Report}
 */
export function jobReport(id, job, log, leaves, cId, disclosed) {
  const { completed: end, submitted: request } = job;
  const said = { id, job, end, request, cId, disclosed, untouched: end.conversations - job.attempts.cursor };
  const [conclusion, headline] = conclude(end);
  return report(conclusion, headline, [...jobFacts(said), ...logFacts(log, leaves)], [...jobProven(said, log), ...logProven(log)],
    [...jobNotProven(said, conclusion), ...logNotProven(log)]);
}

/**
 * @param {import('./leaf.js').Leaf} leaf
 * @param {any} outcome Its event.
 * @param {string | null} id The conversation's, as the file shows it.
 * @param {import('./trust.js').LogFacts} log
 * @param {number} index
 * @returns {Report}
 */
export function conversationReport(leaf, outcome, id, log, index) {
  const isErased = leaf.type === 'conversation_deleted';
  const facts = [...conversationFacts(leaf, outcome, id), ...logFacts(log, { first: index, end: index + 1, runs: 1 })];
  const proven = [`This outcome is in the log that ${log.origin} signed, as leaf ${grouped(index)} (counted from 0) of `
    + `${grouped(log.size)}, and was not changed since.`];
  if (id !== null) proven.push("The conversation id in the file is the one that the log's record is of.");
  const notProven = [];
  if (!isErased) notProven.push('That the conversation was erased: by this outcome it was NOT.');
  if (id === null) {
    notProven.push("Which conversation it was: the file shows no id (the job's key is destroyed, and nobody can show it any more).");
  }
  notProven.push(onlyRecord);
  notProven.push("That it was deleted within a window, and what became of the job's other conversations: the job's own proof shows that.");
  notProven.push("That the job's list was all that the store held of what was asked for.");
  return report(isErased ? 'erased' : 'nothingErased', conversationHeadline(leaf, outcome, id), facts,
    [...proven, ...logProven(log)], [...notProven, ...logNotProven(log)]);
}

function report(conclusion, headline, facts, proven, notProven) {
  return {
    conclusion, headline: printable(headline), facts: facts.map(([label, text]) => [label, printable(text)]),
    proven: proven.map(printable), notProven: notProven.map(printable),
  };
}

/**
 * A proof comes from somebody else: nothing in it may pass for another line, or turn the direction of what follows.
 * @param {string} text
 */
export const printable = text => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');

function conclude(end) {
  const left = end.conversations - end.deleted;
  const count = `${grouped(end.deleted)} of the ${grouped(end.conversations)} conversations on the job's list ${were(end.deleted)} erased, `
    + `${grouped(left)} ${were(left)} not`;
  if (end.outcome === 'failed' && end.conversations === 0) {
    return ['notCompleted', 'NOT ERASED: the job failed before it knew what to erase. Nothing was erased.'];
  }
  if (end.outcome === 'failed') return ['notCompleted', `NOT COMPLETELY ERASED: the job failed. ${count}.`];
  if (end.outcome === 'cancelled' && end.deleted === 0) return ['notCompleted', 'NOT ERASED: the job was cancelled. Nothing was erased.'];
  if (end.outcome === 'cancelled') return ['notCompleted', `NOT COMPLETELY ERASED: the job was cancelled. ${count}.`];
  if (end.conversations === 0) return ['nothingErased', 'NOTHING WAS ERASED: the job found no conversation to erase.'];
  if (end.deleted === 0) {
    const all = grouped(end.conversations);
    return ['nothingErased', `NOTHING WAS ERASED: all ${all} conversations on the job's list were skipped (${reasons(end.skipped)}).`];
  }
  if (left > 0) return ['partlyErased', `PARTLY ERASED: ${count}: skipped (${reasons(end.skipped)}).`];
  if (end.conversations === 1) return ['erased', "ERASED: the one conversation on the job's list was erased."];
  return ['erased', `ERASED: all ${grouped(end.conversations)} conversations on the job's list were erased.`];
}

function conversationHeadline(leaf, outcome, id) {
  const which = id === null ? 'a conversation whose id the file does not show' : 'the conversation';
  if (leaf.type === 'conversation_deleted') return `ERASED: ${which} was erased.`;
  if (leaf.type === 'conversation_skipped') return `NOT ERASED: ${which} was skipped, ${skipReasons[outcome.reason]}.`;
  return `NOT ERASED: in attempt ${outcome.attempt}, ${which} could not be erased (${failureReasons[outcome.reason]}). `
    + 'Whether a later attempt erased it, this file does not say.';
}

function jobFacts({ id, job, end, request, cId, disclosed, untouched }) {
  const skips = Object.values(end.skipped).reduce((sum, count) => sum + count, 0);
  const whose = cId === null ? 'a channel user whose id the file does not show' : `the channel user ${cId}`;
  const facts = [
    ['Job', id], ['Bot', request.bot], ['Asked for by', `API client ${request.client}`],
    ['Asked for', request.requestType === 'cId' ? `conversations of ${whose}${range(job)}` : 'conversations by their ids'],
  ];
  if (job.case.recorded) facts.push(['Case', caseText(job.case.recorded)]);
  for (const { at, client, dueOn, reason } of job.case.extensions) {
    facts.push(['Deadline moved', `to ${dueOn}, at ${at} by API client ${client}: ${reason}`]);
  }
  if (job.started?.retainedFrom) {
    facts.push(['Retention', `conversations that started before ${job.started.retainedFrom} were out of retention`]);
  }
  facts.push(['Conversations', `${grouped(end.conversations)} identified, ${grouped(end.deleted)} erased, ${grouped(skips)} skipped, `
    + `${grouped(end.failed)} failed${untouched > 0 ? `, ${grouped(untouched)} not touched` : ''}`]);
  if (Object.keys(end.skipped).length > 0) facts.push(['Skipped', reasons(end.skipped)]);
  facts.push(['Items erased', itemsText(end.items)], ['Ended as', `${end.outcome}, attempt ${job.attempt}`]);
  facts.push(['Submitted', job.submittedAt], ['Started', job.startedAt ?? 'never']);
  if (job.firstDeletedAt) facts.push(['Erased', `${job.firstDeletedAt} to ${job.lastDeletedAt}`]);
  facts.push(['Ended', job.completedAt]);
  for (const { name, cron, timeZone, opens, closes } of job.openings) {
    facts.push(['Window', `${name} (${cron}, ${timeZone}): ${opens} to ${closes}`]);
  }
  facts.push(['Ids', disclosed > 0
    ? `${grouped(disclosed)} of ${grouped(end.conversations - untouched)} shown in the file, each checked`
    : 'none shown in the file']);
  return facts;
}

function caseText({ basis, dueOn, receivedOn, referenceCommitment }) {
  const said = [];
  if (basis) said.push(basis);
  if (receivedOn) said.push(`received on ${receivedOn}`);
  said.push(dueOn ? `due on ${dueOn}` : 'without a due date');
  if (referenceCommitment) said.push('with a reference, which is not shown');
  return said.join(', ');
}

function range(job) {
  const [from, to] = [job.started?.from ?? job.submitted.from, job.submitted.to];
  return from ? ` that started ${from} to ${to}` : ` that started up to ${to}`;
}

function conversationFacts(leaf, outcome, id) {
  const kind = {
    conversation_deleted: 'deleted', conversation_skipped: `skipped: ${skipReasons[outcome.reason]}`,
    failed: `failed: ${failureReasons[outcome.reason]}`,
  }[leaf.type];
  const facts = [
    ['Conversation', id ?? `not shown; commitment ${outcome.commitment}`],
    ['Job', `${leaf.stream}, conversation ${grouped(outcome.ordinal)} of its list, counted from 0`],
    ['Outcome', kind + (outcome.attempt === undefined ? '' : `, attempt ${outcome.attempt}`)],
  ];
  if (outcome.items) facts.push(['Items erased', itemsText(outcome.items)]);
  return [...facts, ['Recorded', leaf.at]];
}

function logFacts(log, leaves) {
  const facts = [
    ['Log', `${log.origin}, ${grouped(log.size)} leaves, root ${encodeBase64(log.root)}`],
    ['Leaves', leaves.end - leaves.first === 1
      ? grouped(leaves.first)
      : `${grouped(leaves.first)} to ${grouped(leaves.end - 1)}, in ${grouped(leaves.runs)} run${leaves.runs === 1 ? '' : 's'}`],
    ['Signed by', log.signedBy],
    ...log.witnesses.map(witness => ['Cosigned by', `${witness.name} at ${witness.at}`]),
  ];
  if (log.witnesses.length === 0) facts.push(['Cosigned by', 'nobody that was asked for']);
  if (log.others > 0) {
    facts.push(['', `${log.others} more signature${log.others === 1 ? '' : 's'} by keys that were not given: not checked`]);
  }
  return facts;
}

function jobProven({ job, end, disclosed, cId, untouched }, log) {
  const said = [`The job's record is whole: its ${grouped(job.version)} events, from its submission to its end without a gap, are in the `
    + `log that ${log.origin} signed, and none of them was changed since.`];
  if (job.started) {
    said.push('The list of what to erase is in the log before the first deletion, and every place on it has exactly one outcome'
      + (untouched > 0 ? `, but for the last ${grouped(untouched)}, which were not touched.` : '.'));
  }
  if (end.deleted > 0) {
    said.push('Every deletion was recorded within the opening of the window that the job was planned into, '
      + 'and the operator recorded that the store was read again and held nothing of the conversation.');
  }
  if (disclosed > 0) {
    said.push(`The ${grouped(disclosed)} conversation ids in the file are the ones that the log's record is of`
      + (cId === null ? '.' : ', and the channel user is the one of the request.'));
  }
  return said;
}

function jobNotProven({ end, request, disclosed }, conclusion) {
  const said = [];
  if (conclusion !== 'erased') {
    said.push('That the conversations which the record calls skipped, failed or untouched were erased: by this job they were NOT.');
  }
  said.push(onlyRecord);
  said.push('That the list which the job fixed at its start was all that the store held of what was asked for.');
  if (request.requestType === 'cId' && end.conversations > 1) {
    said.push('That no conversation is on the list twice: only the count of its places is.');
  }
  said.push('That nothing was deleted before it was recorded: the record shows an order, and the operator writes it.');
  if (disclosed === 0 && end.conversations > 0) {
    said.push("Whose conversations they were: the file shows no ids (they were withheld, or the job's key is destroyed and nobody can show "
      + 'them any more).');
  }
  return said;
}

function logProven(log) {
  const said = log.witnesses.map(witness => `All of this was recorded before ${witness.at}, by the clock of the witness ${witness.name}, `
    + 'which cosigned the log and had seen it only grow.');
  if (log.grownFrom !== null) {
    said.push(`The log agrees with the checkpoint that you gave (${grouped(log.grownFrom)} leaves): nothing that both hold was rewritten.`);
  }
  return said;
}

function logNotProven(log) {
  return [
    'That backups, replicas and copies elsewhere are erased.',
    'That the store did what it reported: the log proves what the operator recorded, and that it cannot be taken back.',
    log.witnesses.length === 0
      ? "Any instant: every time given is the operator's own, because no witness was asked for. "
        + 'Nor that the log shows everybody the same history.'
      : "Other instants than the witnesses' own: the times in the record are the operator's.",
  ];
}

const reasons = counts => Object.keys(skipReasons).filter(reason => Object.hasOwn(counts, reason))
  .map(reason => `${grouped(counts[reason])} ${skipReasons[reason]}`).join(', ');

function itemsText(items) {
  const all = Object.values(items).reduce((sum, count) => sum + BigInt(count), 0n);
  return `${grouped(all)}: ${grouped(items.messages)} messages, ${grouped(items.transcripts)} transcripts, `
    + `${grouped(items.recordings)} recordings, ${grouped(items.attachments)} attachments, ${grouped(items.logs)} logs`;
}

const onlyRecord = "That this is the job's only record in the log: another one would not be seen here.";

const were = count => count === 1 ? 'was' : 'were';
