// Checks proofs with the verify page's own modules, in node: node verify.mjs VERIFY.JS. Standard input has a JSON object a line:
// {"proof":base64,"key","witnesses"?:[vkey],"older"?:base64,"consistency"?:base64,"policy"?:base64}; standard output gets the result of each, a line.
import { webcrypto } from 'node:crypto';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// Node 18, Debian 12's, has all that is needed and two of it under other names; browsers that know Ed25519 have both.
globalThis.crypto ??= webcrypto;
String.prototype.isWellFormed ??= function isWellFormed() { return !/\p{Surrogate}/u.test(this); };

const { verify } = await import(pathToFileURL(resolve(process.argv[2])).href);

const bytes = base64 => base64 == null ? undefined : new Uint8Array(Buffer.from(base64, 'base64'));

/** In pieces of odd sizes, as a browser may give them. */
function streamOf(proof) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === proof.length) return controller.close();
      const piece = proof.slice(at, at + 1 + (at * 31 + proof.length * 7) % 4_999);
      controller.enqueue(piece);
      at += piece.length;
    },
  });
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { proof, key, witnesses, older, consistency, policy } = JSON.parse(line);
  const result = await verify(streamOf(bytes(proof)), { key, witnesses, older: bytes(older), consistency: bytes(consistency), policy: bytes(policy) });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
