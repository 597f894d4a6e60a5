/** Lines that end with LF, from a stream, in bounded memory. */

import { ProofError, concat, decodeHash, decodeUtf8 } from './bytes.js';
import { grouped } from './text.js';

/** Bytes of a line, at most, without its LF: an entry's. */
export const MAX_LINE_BYTES = 65_535;

export class ProofLines {
  #reader;
  #progress;
  #buffer = new Uint8Array();
  #read = 0;

  /** Lines read so far; the last one's number. */
  number = 0;

  /**
   * @param {ReadableStream<Uint8Array>} stream
   * @param {(bytes: number) => void} progress Told how many bytes were read so far.
   */
  constructor(stream, progress) {
    this.#reader = stream.getReader();
    this.#progress = progress;
  }

  /** The next line, without its LF. @returns {Promise<Uint8Array>} */
  async next() {
    const length = this.#find() ?? await this.#findMore();
    this.number++;
    const line = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length + 1);
    return line;
  }

  /** @returns {Promise<string>} */
  async nextText() {
    return decodeUtf8(await this.next());
  }

  /** @returns {Promise<Uint8Array>} */
  async nextHash() {
    return decodeHash(await this.nextText());
  }

  /**
   * The next line's text, which remains the next line; null where there is none that a line's bounds allow.
   * @returns {Promise<string | null>}
   */
  async peekText() {
    try {
      const length = this.#find() ?? await this.#findMore();
      return decodeUtf8(this.#buffer.subarray(0, length));
    } catch (e) {
      if (e instanceof ProofError) return null;
      throw e;
    }
  }

  /** All that follows. @param {number} max Bytes. @returns {Promise<Uint8Array>} */
  async rest(max) {
    do {
      if (this.#buffer.length > max) throw new ProofError(`the file has more than ${grouped(max)} bytes`);
    } while (await this.#fill());
    return this.#buffer;
  }

  /** Nothing may follow. */
  async end() {
    if (this.#buffer.length > 0 || await this.#fill()) throw new ProofError('something follows the end of the proof');
  }

  /** No more is read. */
  async close() {
    await this.#reader.cancel();
  }

  /** The next line's length; null: its end was not read yet. */
  #find() {
    const found = this.#buffer.indexOf(0x0a);
    if (found > MAX_LINE_BYTES || (found < 0 && this.#buffer.length > MAX_LINE_BYTES)) {
      throw new ProofError(`the next line has more than ${grouped(MAX_LINE_BYTES)} bytes`);
    }
    return found < 0 ? null : found;
  }

  async #findMore() {
    while (await this.#fill()) {
      const found = this.#find();
      if (found !== null) return found;
    }
    throw new ProofError(this.#buffer.length === 0
      ? 'the file ends too early: it was cut short'
      : 'the file ends in the middle of a line: it was cut short');
  }

  async #fill() {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.#read += value.length;
    this.#progress(this.#read);
    // A new array: lines that were handed out stay as they are.
    this.#buffer = this.#buffer.length === 0 ? value : concat(this.#buffer, value);
    return true;
  }
}
