/**
 * One conversation's proof: a .tlog-proof (c2sp.org/tlog-proof) whose extra says what the leaf holds (docs/formats.md, "Conversation
 * proof").
 */

import { NotProvenError, ProofError, decodeBase64, decodeHash, decodeUtf8, encodeBase64 } from './bytes.js';
import { commitmentOf, readDisclosure } from './disclosure.js';
import { hasMembers, parseCanonical } from './jcs.js';
import { MAX_ATTEMPTS } from './history.js';
import { eventOf, isHash, parseLeaf } from './leaf.js';
import { isIncluded, leafHash } from './merkle.js';
import { parseNote } from './note.js';
import { conversationReport } from './report.js';
import { grouped, isJobId, parseNumber } from './text.js';

export const TLOG_HEADER = 'c2sp.org/tlog-proof@v1';

/** Bytes of a proof, at most. */
export const MAX_TLOG_BYTES = 1_200_000;
const MAX_PATH = 63;

/**
 * @param {Uint8Array} file
 * @param {import('./trust.js').Trust} trust
 * @returns {Promise<import('./report.js').Report>}
 */
export async function checkConversationProof(file, trust) {
  const proof = parseTlogProof(file);
  const { checkpoint, facts } = await trust.open(proof.checkpoint);
  if (proof.extra === null) throw new ProofError("the proof has no line 'extra': it does not say what the leaf holds");
  const { entry, disclosure } = parseExtra(proof.extra);
  if (!await isIncluded(proof.index, checkpoint.size, await leafHash(entry), proof.path, checkpoint.root)) {
    throw new ProofError('the entry is not in the log: index, entry and hashes do not give its root');
  }
  const leaf = parseLeaf(entry);
  if (!isJobId(leaf.stream)) throw new ProofError(`the entry is in the log, but it is not of a deletion job: its stream is ${leaf.stream}`);
  const { event, unknown } = eventOf(leaf);
  if (event !== null) expectOutcome(leaf, event);
  // The conversation that an event is of, whatever its type.
  const commitment = leaf.data?.commitment;
  if (disclosure && isHash(commitment) && encodeBase64(await commitmentOf(disclosure)) !== commitment) {
    throw new ProofError('the disclosed conversation id is not the one that the entry is of');
  }
  if (event === null) throw new NotProvenError(unknown);
  return conversationReport(leaf, event, disclosure?.id ?? null, facts, proof.index);
}

function expectOutcome(leaf, event) {
  if (!isOutcome(leaf, event)) throw refused(`it records no conversation's outcome: its type is '${leaf.type}'`);
  if (leaf.type === 'conversation_deleted' && !event.confirmedAbsent) throw refused('the deletion that it records was not confirmed');
  const { attempt = 1, ordinal } = event;
  // Before it come the submission, a plan, the start and an outcome of each ordinal below. Each attempt before adds two events.
  if (attempt < 1 || attempt > MAX_ATTEMPTS || ordinal < 0 || leaf.version - 4 - 2 * (attempt - 1) < ordinal) {
    throw refused(`no job has the outcome of conversation ${ordinal} in attempt ${attempt} as its event ${leaf.version}`);
  }
  if (leaf.type === 'failed' && event.retriesRemaining !== MAX_ATTEMPTS - attempt) {
    throw refused(`after attempt ${attempt} ${MAX_ATTEMPTS - attempt} retries remain, and not ${event.retriesRemaining}`);
  }
}

const refused = why => new ProofError(`the entry is in the log, but ${why}`);

const isOutcome = (leaf, event) => leaf.type === 'conversation_deleted' || leaf.type === 'conversation_skipped'
  || (leaf.type === 'failed' && event.commitment !== undefined);

/** @param {Uint8Array} file */
function parseTlogProof(file) {
  if (file.length > MAX_TLOG_BYTES) throw new ProofError(`a .tlog-proof has at most ${grouped(MAX_TLOG_BYTES)} bytes`);
  const text = decodeUtf8(file);
  // The first empty line ends the proof's own lines: a checkpoint begins behind it.
  const split = text.indexOf('\n\n');
  if (split < 0) throw new ProofError('a .tlog-proof ends with an empty line and a checkpoint');
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== TLOG_HEADER) throw new ProofError(`the first line is not '${TLOG_HEADER}'`);
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift().slice(6)) : null;
  if (!lines[0]?.startsWith('index ')) throw new ProofError("a .tlog-proof has a line 'index N'");
  const index = parseNumber(lines.shift().slice(6), 'the index');
  if (lines.length > MAX_PATH) throw new ProofError(`a .tlog-proof has at most ${MAX_PATH} hashes`);
  const checkpoint = text.slice(split + 2);
  parseNote(checkpoint);
  return { extra, index, path: lines.map(decodeHash), checkpoint };
}

/** @param {Uint8Array} bytes */
function parseExtra(bytes) {
  const extra = parseCanonical(bytes, "the proof's extra", 3);
  if (!hasMembers(extra, ['disclosures', 'entry', 'v']) || !Array.isArray(extra.disclosures) || typeof extra.entry !== 'string') {
    throw new ProofError("the proof's extra is not a JSON object with the members disclosures, entry and v");
  }
  if (extra.v !== 1) throw new ProofError("the proof's extra is of another format version than 1");
  if (extra.disclosures.length > 1) throw new ProofError("a conversation's proof has at most one disclosure");
  const disclosure = extra.disclosures.length === 1 ? readDisclosure(extra.disclosures[0]) : null;
  if (disclosure && (disclosure.kind !== 'conversation' || disclosure.ordinal !== undefined)) {
    throw new ProofError("a conversation's proof discloses a conversation's id, without an ordinal");
  }
  return { entry: decodeBase64(extra.entry), disclosure };
}
