/** Numbers, names and instants, as the formats write them. */

import { ProofError } from './bytes.js';

/**
 * A decimal without sign and leading zeros, below 2^53.
 * @param {string} text
 * @param {string} what It is, for the message.
 * @returns {number}
 */
export function parseNumber(text, what) {
  const number = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw new ProofError(`${what} is a decimal number without leading zeros, below 2^53`);
  return number;
}

/** With its thousands grouped. @param {number | bigint} number */
export const grouped = number => number.toLocaleString('en-US');

/** A name that a key can have: no '+', no Unicode space, no control character, at most 255 UTF-16 code units. @param {string} text */
export const isName = text => text.length > 0 && text.length <= 255 && !/[+\p{Z}\p{Cc}]/u.test(text) && text.isWellFormed();

/** An identifier: 1 to 128 code points, not blank, no control characters. @param {string} text */
export const isIdentifier = text => [...text].length <= 128 && /\P{Z}/u.test(text) && !/\p{Cc}/u.test(text) && text.isWellFormed();

/** A job's id: cdj- and a version-5 UUID in lower case. @param {string} text */
export const isJobId = text => /^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);

/**
 * An instant that exists, like 2026-05-08T06:22:56.097Z. Two of them compare as text.
 * @param {unknown} text
 */
export function isInstant(text) {
  const form = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
  if (typeof text !== 'string' || !form.test(text) || text.startsWith('0000')) return false;
  const instant = new Date(text);
  // A 30th of February is read as a day in March.
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text;
}

/**
 * A day that exists, like 2026-05-08. Two of them compare as text.
 * @param {unknown} text
 */
export const isDay = text => typeof text === 'string' && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && isInstant(`${text}T00:00:00.000Z`);

/** @param {number} unixSeconds */
export const instantOf = unixSeconds => new Date(unixSeconds * 1000).toISOString();
