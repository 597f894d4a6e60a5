/** Bytes, UTF-8, and standard base64 (RFC 4648 §4), all in the one spelling that they have. */

/**
 * The file is no proof, or one that does not hold; or a key, or another file to check it by, cannot be read. The message says why, in plain
 * words.
 */
export class ProofError extends Error {}

/** Hashes and signatures are right, and a newer ledger recorded what is not known here. */
export class NotProvenError extends Error {
  /** @param {string[]} unknown What is not known. @param {number} [line] Where the first of it stands. */
  constructor(unknown, line) {
    super(`made by a newer ledger: this program does not know ${unknown.join(', ')}${line === undefined ? '' : ` (line ${line})`}`);
  }
}

// With ignoreBOM a byte order mark is text like any other, and not read over.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** @param {string} text @returns {Uint8Array} */
export const encodeUtf8 = text => encoder.encode(text);

/**
 * Strict UTF-8.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decodeUtf8(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    throw new ProofError('not UTF-8');
  }
}

/**
 * The bytes of a file to check by, behind a byte order mark of UTF-8, which some tools write unasked (RFC 3629 §6). A NUL, which no such
 * file has, tells UTF-16 and UTF-32 without a mark.
 * @param {Uint8Array} file
 * @returns {Uint8Array}
 */
export function withoutMark(file) {
  const begins = (...octets) => file.length >= octets.length && octets.every((octet, i) => octet === null || octet === file[i]);
  const other = encoding => new ProofError(`it is ${encoding} and must be UTF-8: convert it (\`iconv -f ${encoding} -t UTF-8\`)`);
  if (begins(0xef, 0xbb, 0xbf)) return file.subarray(3);
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff) || begins(0, 0, 0, null)) throw other('UTF-32');
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff) || begins(0, null) || begins(null, 0)) throw other('UTF-16');
  return file;
}

/** @param {...(Uint8Array | number[])} parts @returns {Uint8Array} */
export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export const equal = (a, b) => a.length === b.length && a.every((octet, i) => octet === b[i]);

/** @param {Uint8Array} bytes @returns {string} */
export function encodeBase64(bytes) {
  let binary = '';
  for (const octet of bytes) binary += String.fromCharCode(octet);
  return btoa(binary);
}

/**
 * Padded, without white space, and the one encoding that the bytes have (§3.5).
 * @param {string} text
 * @returns {Uint8Array}
 */
export function decodeBase64(text) {
  const binary = lenient(text);
  // atob reads over white space, missing padding and stray bits: what it gives back tells.
  if (binary === null || btoa(binary) !== text) throw new ProofError('not standard base64, padded and in its one spelling');
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** A hash: 32 bytes. @param {string} text @returns {Uint8Array} */
export function decodeHash(text) {
  const hash = decodeBase64(text);
  if (hash.length !== 32) throw new ProofError('a hash has 32 bytes');
  return hash;
}

/** @param {string} text */
function lenient(text) {
  try {
    return atob(text);
  } catch {
    return null;
  }
}
