/**
 * Signed notes and their keys (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint) and cosignatures
 * (c2sp.org/tlog-cosignature).
 */

import { ProofError, concat, decodeBase64, decodeHash, decodeUtf8, encodeBase64, encodeUtf8, equal } from './bytes.js';
import { isSigned } from './ed25519.js';
import { emptyRoot, sha256 } from './merkle.js';
import { isName, parseNumber } from './text.js';

/** What a key is for: the byte before its public key. */
export const KeyType = Object.freeze({ log: 0x01, witness: 0x04 });

/** Bytes of a note, and its signatures, at most. */
export const MAX_NOTE_BYTES = 1_000_000;
export const MAX_SIGNATURES = 100;

const MAX_UNIX_SECONDS = 253_402_300_799n; // 9999-12-31T23:59:59Z

/** @typedef {{ name: string, id: string, type: number, publicKey: Uint8Array, text: string }} Key text is its vkey, id 8 hex digits. */
/** @typedef {{ name: string, id: string, bytes: Uint8Array }} Signature */
/** @typedef {{ text: string, signatures: Signature[] }} Note */
/** @typedef {{ origin: string, size: number, root: Uint8Array, text: string }} Checkpoint */

/**
 * Reads a vkey, NAME+ID+BASE64.
 * @param {string} vkey
 * @returns {Promise<Key>}
 */
export async function parseKey(vkey) {
  // Only the first two: base64 may contain '+'.
  const [first, second] = [vkey.indexOf('+'), vkey.indexOf('+', vkey.indexOf('+') + 1)];
  if (second <= first) throw new ProofError('a vkey is NAME+ID+BASE64');
  const [name, id] = [vkey.slice(0, first), vkey.slice(first + 1, second)];
  if (!isName(name)) throw new ProofError("a vkey's name is empty, or has a space or a control character, or over 255 characters");
  const data = decodeBase64(vkey.slice(second + 1));
  if (data.length !== 33 || (data[0] !== KeyType.log && data[0] !== KeyType.witness)) {
    throw new ProofError('a vkey is not of a known type: 0x01 (Ed25519) or 0x04 (Ed25519 cosignature), and 32 bytes');
  }
  const computed = hexOf((await sha256(concat(encodeUtf8(name), [0x0a], data))).subarray(0, 4));
  if (computed !== id) throw new ProofError(`a vkey's id is ${computed} by its name and key, and not '${id.slice(0, 16)}'`);
  return { name, id, type: data[0], publicKey: data.subarray(1), text: `${name}+${id}+${encodeBase64(data)}` };
}

/** @param {Uint8Array} bytes */
const hexOf = bytes => [...bytes].map(octet => octet.toString(16).padStart(2, '0')).join('');

/**
 * @param {string} note
 * @returns {Note}
 */
export function parseNote(note) {
  // The separator is the last empty line: the text may have some of its own.
  const split = note.lastIndexOf('\n\n');
  if (encodeUtf8(note).length > MAX_NOTE_BYTES) throw new ProofError('a signed note has at most 1,000,000 bytes');
  if (split < 0 || !note.endsWith('\n')) {
    throw new ProofError('a signed note is a text, an empty line and signature lines, each ended by a newline');
  }
  const text = note.slice(0, split + 1);
  if (/[\0-\x09\x0b-\x1f]/.test(text)) throw new ProofError("a signed note's text has a control character");
  const lines = note.slice(split + 2).split('\n').slice(0, -1);
  if (lines.length === 0 || lines.length > MAX_SIGNATURES) throw new ProofError('a signed note has 1 to 100 signatures');
  return { text, signatures: lines.map(parseSignature) };
}

/** @param {Uint8Array} bytes @returns {Note} */
export function readNote(bytes) {
  if (bytes.length > MAX_NOTE_BYTES) throw new ProofError('a signed note has at most 1,000,000 bytes');
  return parseNote(decodeUtf8(bytes));
}

/** @param {string} line @returns {Signature} */
function parseSignature(line) {
  const [dash, name, base64, ...more] = line.split(' ');
  if (dash !== '—' || base64 === undefined || more.length > 0 || !isName(name)) throw new ProofError("a signature line is '— NAME BASE64'");
  const data = decodeBase64(base64);
  if (data.length < 5) throw new ProofError('a signature has a key id of 4 bytes and at least one byte more');
  return { name, id: hexOf(data.subarray(0, 4)), bytes: data.subarray(4) };
}

/** @param {Signature} signature @param {Key} key */
export const isOf = (signature, key) => signature.name === key.name && signature.id === key.id;

/**
 * The first signature of each of the keys that signed. Signatures of other keys are ignored; one that names a key and is not this key's
 * refuses the note.
 * @param {Note} note
 * @param {Key[]} keys
 * @returns {Promise<Map<string, Signature>>} By vkey.
 */
export async function signedBy(note, keys) {
  const signed = new Map();
  for (const key of keys) {
    for (const signature of note.signatures.filter(signature => isOf(signature, key))) {
      if (!await holds(key, note.text, signature.bytes)) {
        throw new ProofError(`the signature of ${key.name} (${key.id}) is not this key's over this text`);
      }
      if (!signed.has(key.text)) signed.set(key.text, signature);
    }
  }
  return signed;
}

/** @param {Key} key @param {string} text @param {Uint8Array} signature Without its key id. */
async function holds(key, text, signature) {
  if (key.type === KeyType.log) return isSigned(key.publicKey, encodeUtf8(text), signature);
  const unixSeconds = cosignedAt(signature);
  return unixSeconds !== null && isSigned(key.publicKey, encodeUtf8(`cosignature/v1\ntime ${unixSeconds}\n${text}`), signature.subarray(8));
}

/**
 * When a witness says that it cosigned, in seconds since 1970; null: it is no cosignature. Beyond the year 9999 no time is a witness's
 * clock.
 * @param {Uint8Array} signature Without its key id.
 * @returns {number | null}
 */
export function cosignedAt(signature) {
  if (signature.length !== 72) return null;
  const unixSeconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  return unixSeconds <= MAX_UNIX_SECONDS ? Number(unixSeconds) : null;
}

/**
 * Reads a note's text: origin, size, root. Further lines are read over: nothing here can check them.
 * @param {string} text
 * @returns {Promise<Checkpoint>}
 */
export async function parseCheckpoint(text) {
  const checkpoint = readCheckpoint(text);
  if (checkpoint.size === 0 && !equal(checkpoint.root, await emptyRoot())) {
    throw new ProofError('a checkpoint of size 0 has the root of the empty tree');
  }
  return checkpoint;
}

/** The same, but of size 0 the root may be any. @param {string} text @returns {Checkpoint} */
export function readCheckpoint(text) {
  const lines = text.split('\n');
  if (lines.length < 4 || lines.at(-1) !== '' || lines.slice(0, -1).includes('')) {
    throw new ProofError('a checkpoint has three lines: origin, size and root');
  }
  if (!isName(lines[0])) throw new ProofError("a checkpoint's origin is a name without spaces");
  const [origin, size, root] = [lines[0], parseNumber(lines[1], "a checkpoint's size"), decodeHash(lines[2])];
  return { origin, size, root, text: `${origin}\n${size}\n${encodeBase64(root)}\n` };
}

/**
 * The checkpoint of a note that the log signed.
 * @param {Note} note
 * @param {Key} log
 * @returns {Promise<Checkpoint>}
 */
export async function openCheckpoint(note, log) {
  const checkpoint = await parseCheckpoint(note.text);
  if (checkpoint.origin !== log.name) {
    throw new ProofError(`the checkpoint is of the log '${checkpoint.origin}', and the key is of '${log.name}'`);
  }
  if ((await signedBy(note, [log])).size === 0) throw new ProofError(`the checkpoint is not signed by the key ${log.name}+${log.id}`);
  return checkpoint;
}
