/** What a leaf holds, one event, and the members that the events of a job have (docs/formats.md, "Leaf entry" and "The job's events"). */

import { ProofError } from './bytes.js';
import { MAX_DEPTH, hasMembers, parseCanonical } from './jcs.js';
import { isInstant } from './text.js';

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
  if (!hasMembers(entry, ['at', 'data', 'stream', 'type', 'v', 'version']) || typeof entry.stream !== 'string' || typeof entry.type !== 'string') {
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
const isHash = value => isText(value) && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value);
const isOneOf = values => value => values.includes(value);
const isItems = value => hasMembers(value, ['attachments', 'logs', 'messages', 'recordings', 'transcripts']) && Object.values(value).every(isCount);
const isWindow = value => matches(value, { closes: isInstant, cron: isText, name: isText, opens: isInstant, timeZone: isText });

/** In the order in which they are told. */
export const skipReasons = ['retention', 'not_found', 'already_erased', 'legal_hold', 'cancelled'];
const failureReasons = ['store_refused', 'locked', 'timeout', 'not_confirmed', 'list_unresolved'];

/** The members of each event's data; of a name that ends with '?' without it, a member that may be absent. */
const events = {
  submitted: {
    bot: isText, client: isText, commitments: value => Array.isArray(value) && value.every(isHash), 'from?': isInstant,
    requestType: isOneOf(['conversationIds', 'cId']), 'to?': isInstant,
  },
  scheduled: { attempt: isInt32, plannedAt: isInstant, reason: isOneOf(['off_peak', 'window_closed', 'retry']), window: isWindow },
  started: { attempt: isInt32, conversations: isCount, 'from?': isInstant, manifestRoot: isHash, 'retainedFrom?': isInstant },
  conversation_deleted: { attempt: isInt32, commitment: isHash, confirmedAbsent: isBoolean, items: isItems, ordinal: isInteger },
  conversation_skipped: { commitment: isHash, ordinal: isInteger, reason: isOneOf(skipReasons) },
  failed: { attempt: isInt32, 'commitment?': isHash, 'ordinal?': isInteger, reason: isOneOf(failureReasons), retriesRemaining: isInt32 },
  completed: {
    conversations: isInteger, deleted: isInteger, failed: isInteger, items: isItems, outcome: isOneOf(['completed', 'failed', 'cancelled']),
    skipped: value => hasMembers(value, [], skipReasons) && Object.values(value).every(isInteger), 'untouchedFrom?': isInteger,
  },
};

/** Types of events that are known and are not a job's: none of them can be in its stream. */
export const otherTypes = [
  'bot_registered', 'bot_changed', 'client_granted', 'grant_revoked', 'client_registered', 'client_secret_issued', 'client_secret_retired', 'client_revoked',
  'window_defined', 'job_key_destroyed', 'epoch_key_destroyed', 'identifiers_disclosed', 'origin_opened',
];

/**
 * The event of an entry: its data, which has exactly the members of its type; null for a type that is not known.
 * @param {Leaf} leaf
 * @returns {any}
 */
export function eventOf(leaf) {
  if (otherTypes.includes(leaf.type)) throw new ProofError(`'${leaf.type}' is not an event of a job`);
  if (!Object.hasOwn(events, leaf.type)) return null;
  // Of one conversation, or of the whole attempt.
  const isPair = leaf.type !== 'failed' || ('ordinal' in Object(leaf.data)) === ('commitment' in Object(leaf.data));
  if (matches(leaf.data, events[leaf.type]) && isPair) return leaf.data;
  throw new ProofError(`the data of '${leaf.type}' does not have the members that this event has`);
}

/** @param {any} value @param {Record<string, (value: any) => boolean>} members */
function matches(value, members) {
  const names = Object.keys(members);
  const optional = names.filter(name => name.endsWith('?')).map(name => name.slice(0, -1));
  return hasMembers(value, names.filter(name => !name.endsWith('?')), optional)
    && names.every(name => !Object.hasOwn(value, name.replace('?', '')) || members[name](value[name.replace('?', '')]));
}
