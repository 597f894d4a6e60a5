/**
 * The JSON Canonicalization Scheme (RFC 8785), for the JSON that leaves consist of: members sorted by their UTF-16 code units, the shortest
 * escapes, no white space; numbers are integers up to 2^53 - 1 in magnitude.
 */

import { ProofError, decodeUtf8 } from './bytes.js';

/** Objects and arrays within one another, at most. */
export const MAX_DEPTH = 32;

/**
 * The value of a JSON text that must be in canonical form: a member named twice, or another spelling of anything, is not what is written
 * again.
 * @param {Uint8Array} bytes
 * @param {string} what The text is, for the message.
 * @param {number} depth Levels, at most.
 * @returns {any}
 */
export function parseCanonical(bytes, what, depth) {
  let text, value;
  try {
    text = decodeUtf8(bytes);
    value = JSON.parse(text);
  } catch {
    throw new ProofError(`${what} is not JSON`);
  }
  if (canonicalize(value, depth) !== text) throw new ProofError(`${what} is not in canonical form, or has other members than it should`);
  return value;
}

/**
 * @param {any} value
 * @param {number} [depth] Levels, at most.
 * @returns {string}
 */
export function canonicalize(value, depth = MAX_DEPTH) {
  switch (typeof value) {
    case 'string':
      // JSON.stringify writes half of a surrogate pair as an escape, which would pass.
      if (!value.isWellFormed()) throw new ProofError('not JSON that a leaf may hold');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value)) throw new ProofError('a number is not an integer up to 2^53 - 1 in magnitude');
      return String(value); // of -0: "0", so that "-0" is not canonical
    case 'boolean':
      return String(value);
    default:
      return value === null ? 'null' : nested(value, depth);
  }
}

/** @param {any} value @param {number} depth */
function nested(value, depth) {
  if (depth === 0) throw new ProofError(`JSON nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return `[${value.map(item => canonicalize(item, depth - 1)).join(',')}]`;
  // The order of sort() is that of UTF-16 code units.
  return `{${Object.keys(value).sort().map(name => `${canonicalize(name)}:${canonicalize(value[name], depth - 1)}`).join(',')}}`;
}

/**
 * Whether a value is an object with exactly these members.
 * @param {any} value
 * @param {string[]} names
 * @param {string[]} [optional]
 */
export function hasMembers(value, names, optional = []) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return names.every(name => Object.hasOwn(value, name))
    && Object.keys(value).every(name => names.includes(name) || optional.includes(name));
}
