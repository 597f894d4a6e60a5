/** Ed25519 (RFC 8032) by WebCrypto. */

/** RFC 8032 §7.1, test 2. */
const known = {
  key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da'
    + '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};

/** The browser cannot check signatures; the message says what can. */
export class UnsupportedError extends Error {}

const insecure = 'Here the browser offers no cryptography: it does so only on pages that came over https or from this machine (localhost). '
  + 'Open this page over https, or check the file with erasure-verify.';
const outdated = 'This browser cannot check Ed25519 signatures. Chrome and Edge from version 137, Firefox from version 129 and Safari from '
  + 'version 17 can; or check the file with erasure-verify, a program that needs no browser.';

/** Tries a signature that is known to be right, and one that is known to be wrong. @returns {Promise<void>} @throws {UnsupportedError} */
export async function expectSupport() {
  if (!globalThis.crypto?.subtle) throw new UnsupportedError(insecure);
  const [key, message, signature] = [hex(known.key), hex(known.message), hex(known.signature)];
  let tells = false;
  try {
    tells = await isSigned(key, message, signature) && !await isSigned(key, signature, signature);
  } catch {
    // Unknown algorithm.
  }
  if (!tells || !String.prototype.isWellFormed) throw new UnsupportedError(outdated);
}

/**
 * Whether the signature is the key's over the message. Anything of a wrong length is not.
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 */
export async function isSigned(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = await imported(publicKey);
  return key !== null && crypto.subtle.verify('Ed25519', key, signature, message);
}

/** Null: 32 bytes that are no key. @param {Uint8Array} publicKey */
async function imported(publicKey) {
  try {
    return await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
  } catch (e) {
    if (e.name === 'DataError') return null;
    throw e;
  }
}

/** @param {string} digits */
const hex = digits => Uint8Array.from(digits.match(/../g), octet => parseInt(octet, 16));
