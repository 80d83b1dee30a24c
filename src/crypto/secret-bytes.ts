import { randomFillSync, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { ClavigerError } from '#domain';

/**
 * Secret bytes that are opened on purpose, compared in constant time and wiped by `using`. They never print:
 * every rendering is `[secret]`. What JavaScript can't promise: the engine may move or page out memory, and a
 * copy that `use` hands to a library is that library's to wipe.
 */
export class SecretBytes implements Disposable {
  readonly #bytes: Uint8Array;
  #wiped = false;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Copies the bytes into memory of their own; the caller keeps, and wipes, what it passed. */
  static copyOf(bytes: Uint8Array): SecretBytes {
    const own = Buffer.allocUnsafeSlow(bytes.length);
    own.set(bytes);
    return new SecretBytes(own);
  }

  /** Takes ownership without a copy: the caller must not touch the bytes again. */
  static take(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(bytes);
  }

  /** Fresh bytes from the system's cryptographic generator. */
  static random(length: number): SecretBytes {
    return new SecretBytes(randomFillSync(Buffer.allocUnsafeSlow(length)));
  }

  /** As many secrets of fresh bytes, drawn with one call of the generator; each is wiped by itself. */
  static randomMany(count: number, length: number): SecretBytes[] {
    const bytes = randomFillSync(Buffer.allocUnsafeSlow(count * length));
    return Array.from(
      { length: count },
      (_, index) => new SecretBytes(bytes.subarray(index * length, (index + 1) * length)),
    );
  }

  /** Number of bytes; known even after the wipe. */
  get length(): number {
    return this.#bytes.length;
  }

  /**
   * Opens the bytes for the time of `work`, which must neither keep nor return them. Where `work` is
   * asynchronous the caller keeps this object alive until it has ended. Throws `internal` after the wipe.
   */
  use<T>(work: (bytes: Uint8Array) => T): T {
    if (this.#wiped) throw new ClavigerError('internal', 'A secret was used after it was wiped.');
    return work(this.#bytes);
  }

  /** A second secret with the same content and a life of its own. */
  copy(): SecretBytes {
    return this.use((bytes) => SecretBytes.copyOf(bytes));
  }

  /** Whether both hold the same bytes; the time tells the lengths and nothing else. */
  equals(other: SecretBytes | Uint8Array): boolean {
    if (other instanceof SecretBytes) return other.use((bytes) => this.equals(bytes));
    return this.use((bytes) => bytes.length === other.length && timingSafeEqual(bytes, other));
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
