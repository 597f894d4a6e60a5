/** What a leaf holds, one event, and the members that the events of a job have (docs/formats.md, "Leaf entry" and "The job's events"). */

import { ProofError } from './bytes.js';
import { MAX_DEPTH, hasMembers, parseCanonical } from './jcs.js';
import { isDay, isInstant } from './text.js';

const MAX_ENTRY_BYTES = 65_535;

/** @typedef {{ stream: string, version: number, type: string, at: string, data: any }} Leaf */

/**
 * Reads an entry, strictly.
 * @param {Uint8Array} bytes
 * @returns {Leaf}
 */
export function parseLeaf(bytes) {
  if (bytes.length > MAX_ENTRY_BYTES) throw new ProofError('an entry has at most 65,535 bytes');
  const entry = parseCanonical(bytes, 'an entry', MAX_DEPTH + 1);
  if (!hasMembers(entry, ['at', 'data', 'stream', 'type', 'v', 'version'])
    || typeof entry.stream !== 'string' || typeof entry.type !== 'string') {
    throw new ProofError('an entry is a JSON object with the members v, stream, version, type, at and data');
  }
  if (entry.v !== 1) throw new ProofError('an entry of another format version than 1');
  if (!Number.isInteger(entry.version) || entry.version < 1) throw new ProofError("an entry's version is an integer from 1, below 2^53");
  if (!isInstant(entry.at)) throw new ProofError("an entry's instant is like 2026-05-08T06:22:56.097Z");
  return entry;
}

// What parseCanonical gives has no numbers but integers that are exact.
const isInteger = value => typeof value === 'number';
const isInt32 = value => isInteger(value) && Math.abs(value + 0.5) < 2 ** 31;
const isCount = value => isInteger(value) && value >= 0;
const isText = value => typeof value === 'string';
const isBoolean = value => typeof value === 'boolean';
/** Base64 of 32 bytes: the last digit but the padding has two bits that are 0. */
export const isHash = value => isText(value) && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value);
const kinds = ['attachments', 'logs', 'messages', 'recordings', 'transcripts'];
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
/** The five kinds, and whatever kinds a newer ledger counts. */
const isItems = value => isObject(value) && kinds.every(kind => Object.hasOwn(value, kind)) && Object.values(value).every(isCount);
const isWindow = value => matches(value, { closes: isInstant, cron: isText, name: isText, opens: isInstant, timeZone: isText });

/** Reasons and their words, in the order in which they are told. */
export const skipReasons = {
  retention: 'out of the retention period', not_found: "not found, or not this bot's", already_erased: 'erased by an earlier job',
  legal_hold: 'under a legal hold', cancelled: 'not touched, because the job was cancelled',
};
export const failureReasons = {
  store_refused: 'the store refused', locked: 'somebody else held a lock on it', timeout: 'the store took too long',
  not_confirmed: 'the store still held something of it', list_unresolved: 'the list could not be resolved',
};

/** The members of each event's data; of a name that ends with '?' without it, a member that may be absent. */
const events = {
  submitted: {
    bot: isText, client: isText, commitments: value => Array.isArray(value) && value.every(isHash), 'from?': isInstant,
    requestType: isText, 'to?': isInstant,
  },
  case_recorded: { 'basis?': isText, 'dueOn?': isDay, 'receivedOn?': isDay, 'referenceCommitment?': isHash },
  deadline_extended: { client: isText, dueOn: isDay, reason: isText },
  scheduled: { attempt: isInt32, plannedAt: isInstant, reason: isText, window: isWindow },
  started: { attempt: isInt32, conversations: isCount, 'from?': isInstant, manifestRoot: isHash, 'retainedFrom?': isInstant },
  conversation_deleted: { attempt: isInt32, commitment: isHash, confirmedAbsent: isBoolean, items: isItems, ordinal: isInteger },
  conversation_skipped: { commitment: isHash, ordinal: isInteger, reason: isText },
  failed: { attempt: isInt32, 'commitment?': isHash, 'ordinal?': isInteger, reason: isText, retriesRemaining: isInt32 },
  completed: {
    conversations: isInteger, deleted: isInteger, failed: isInteger, items: isItems, outcome: isText,
    skipped: value => isObject(value) && Object.values(value).every(isInteger), 'untouchedFrom?': isInteger,
  },
};

/** The lists from which an event names a value, by type and member in the order of their names. A newer ledger's may be longer. */
const closedLists = {
  submitted: { requestType: ['conversationIds', 'cId'] },
  case_recorded: {
    basis: ['gdpr_17_1_a', 'gdpr_17_1_b', 'gdpr_17_1_c', 'gdpr_17_1_d', 'gdpr_17_1_e', 'gdpr_17_1_f', 'ccpa', 'other'],
  },
  scheduled: { reason: ['off_peak', 'window_closed', 'retry', 'window_changed'] },
  conversation_deleted: { items: kinds },
  conversation_skipped: { reason: Object.keys(skipReasons) },
  failed: { reason: Object.keys(failureReasons) },
  completed: { items: kinds, outcome: ['completed', 'failed', 'cancelled'], skipped: Object.keys(skipReasons) },
};

/** Types of events that are known and are not a job's: none of them can be in its stream. */
export const otherTypes = [
  'bot_registered', 'bot_changed', 'client_granted', 'grant_revoked', 'client_registered', 'client_secret_issued', 'client_secret_retired',
  'client_revoked', 'window_defined', 'job_key_destroyed', 'epoch_key_destroyed', 'identifiers_disclosed', 'origin_opened',
  'erased_conversations_imported', 'webhook_disabled', 'job_cancelled',
  'deletions_paused', 'deletions_resumed', 'legal_hold_placed', 'legal_hold_disclosed', 'legal_hold_ended',
  'ledger_audit_granted', 'ledger_audit_revoked', 'bot_limits_set',
];

/**
 * The event of an entry: its data, which has exactly the members of its type. It is null where a newer ledger wrote something that is
 * not known, which is then named.
 * @param {Leaf} leaf
 * @returns {{ event: any, unknown: string[] }}
 */
export function eventOf(leaf) {
  if (otherTypes.includes(leaf.type)) throw new ProofError(`'${leaf.type}' is not an event of a job`);
  if (!Object.hasOwn(events, leaf.type)) return { event: null, unknown: [`the event type ${plain(leaf.type)}`] };
  // Of one conversation, or of the whole attempt.
  const isPair = leaf.type !== 'failed' || ('ordinal' in Object(leaf.data)) === ('commitment' in Object(leaf.data));
  if (!matches(leaf.data, events[leaf.type]) || !isPair) {
    throw new ProofError(`the data of '${leaf.type}' does not have the members that this event has`);
  }
  const unknown = Object.entries(closedLists[leaf.type] ?? {}).flatMap(([member, known]) => namesIn(leaf.data[member])
    .filter(name => !known.includes(name)).map(name => `the value ${plain(name)} of '${leaf.type}.${member}'`));
  return { event: unknown.length === 0 ? leaf.data : null, unknown };
}

/** Of a name, or of an object whose members are counts. A member that is absent has none. */
const namesIn = value => isText(value) ? [value] : Object.keys(value ?? {}).sort();

/** A name that can be taken for nothing else, in quotes: it is somebody else's text. @param {string} name */
const plain = name => /^[A-Za-z0-9_]{1,64}$/.test(name) ? `'${name}'` : '(not a plain name)';

/** @param {any} value @param {Record<string, (value: any) => boolean>} members */
function matches(value, members) {
  const names = Object.keys(members);
  const optional = names.filter(name => name.endsWith('?')).map(name => name.slice(0, -1));
  return hasMembers(value, names.filter(name => !name.endsWith('?')), optional)
    && names.every(name => !Object.hasOwn(value, name.replace('?', '')) || members[name](value[name.replace('?', '')]));
}
