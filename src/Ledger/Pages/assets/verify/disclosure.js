/** An identifier and its salt: what makes a commitment checkable (docs/formats.md, "Job proof"). */

import { ProofError, concat, decodeHash, encodeUtf8 } from './bytes.js';
import { hasMembers, parseCanonical } from './jcs.js';
import { sha256 } from './merkle.js';
import { isIdentifier } from './text.js';

const MAX_BYTES = 1_024;

/** The byte that keeps the two kinds of identifier apart. */
const tags = { cId: 0x43, conversation: 0x44 };

/** @typedef {{ id: string, kind: 'cId' | 'conversation', ordinal?: number, salt: Uint8Array }} Disclosure */

/**
 * Reads a disclosure's line.
 * @param {Uint8Array} bytes
 * @returns {Disclosure}
 */
export function parseDisclosure(bytes) {
  if (bytes.length > MAX_BYTES) throw new ProofError('a disclosure has at most 1,024 bytes');
  return readDisclosure(parseCanonical(bytes, 'a disclosure', 2));
}

/** @param {any} json @returns {Disclosure} */
export function readDisclosure(json) {
  if (!hasMembers(json, ['id', 'kind', 'salt'], ['ordinal']) || typeof json.id !== 'string' || typeof json.salt !== 'string') {
    throw new ProofError('a disclosure is a JSON object with the members id, kind and salt');
  }
  if (!Object.hasOwn(tags, json.kind)) throw new ProofError("a disclosure's kind is cId or conversation");
  if (Object.hasOwn(json, 'ordinal') && !(Number.isInteger(json.ordinal) && json.ordinal >= 0)) {
    throw new ProofError("a disclosure's ordinal is an integer from 0");
  }
  if (!isIdentifier(json.id)) {
    throw new ProofError("a disclosure's id is not an identifier: 1 to 128 characters without control characters");
  }
  return { ...json, salt: decodeHash(json.salt) };
}

/** What is hashed to the commitment: tag ‖ salt ‖ id. @param {Disclosure} disclosure */
const committed = ({ kind, salt, id }) => concat([tags[kind]], salt, encodeUtf8(id));

/** @param {Disclosure} disclosure */
export const commitmentOf = disclosure => sha256(committed(disclosure));
