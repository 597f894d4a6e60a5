/**
 * Checks proofs of erasure, of both kinds, in the browser: what erasure-verify checks, by WebCrypto alone. Nothing is sent anywhere. The
 * formats and the checks are those of docs/formats.md.
 */

import { NotProvenError, ProofError } from './bytes.js';
import { UnsupportedError, expectSupport } from './ed25519.js';
import { JOB_HEADER, checkJobProof } from './job-proof.js';
import { ProofLines } from './lines.js';
import { MAX_TLOG_BYTES, TLOG_HEADER, checkConversationProof } from './tlog-proof.js';
import { readTrust } from './trust.js';

/**
 * holds: the report says of what. fails: it does not hold, or is no proof. notProven: a newer ledger made it, and its words are not known
 * here.
 * unchecked: nothing was checked, because this browser, a key or a file does not allow it.
 * @typedef {{ verdict: 'fails' | 'notProven' | 'unchecked', problem: string }} Problem
 * @typedef {{ verdict: 'holds', report: import('./report.js').Report } | Problem} Result
 */

/**
 * @param {ReadableStream<Uint8Array>} stream The proof; read to its end.
 * @param {import('./trust.js').Inputs} inputs What to check it by.
 * @param {(bytes: number) => void} [progress] Told how many bytes were read so far.
 * @returns {Promise<Result>}
 */
export async function verify(stream, inputs, progress = () => {}) {
  let trust;
  try {
    await expectSupport();
    trust = await readTrust(inputs);
  } catch (e) {
    if (e instanceof ProofError || e instanceof UnsupportedError) return { verdict: 'unchecked', problem: e.message };
    throw e;
  }
  const lines = new ProofLines(stream, progress);
  try {
    return { verdict: 'holds', report: await check(lines, trust) };
  } catch (e) {
    if (e instanceof ProofError) return { verdict: 'fails', problem: e.message };
    if (e instanceof NotProvenError) return { verdict: 'notProven', problem: e.message };
    throw e;
  } finally {
    await lines.close();
  }
}

/** @param {ProofLines} lines @param {import('./trust.js').Trust} trust */
async function check(lines, trust) {
  switch (await lines.peekText()) {
    case JOB_HEADER:
      return checkJobProof(lines, trust);
    case TLOG_HEADER:
      return checkConversationProof(await lines.rest(MAX_TLOG_BYTES), trust);
    default:
      throw new ProofError(`this is not an erasure proof: its first line is neither '${JOB_HEADER}' nor '${TLOG_HEADER}'`);
  }
}
