import { randomFillSync, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const wiped = 'These secret bytes were wiped.';

/**
 * Bytes that must not leak: opened on purpose, copied in and out, compared in constant time, wiped by `using`, and shown by nothing.
 * A JavaScript runtime can't promise that no copy was made below it (SECURITY.md); this keeps ours few and short-lived.
 */
export class SecretBytes implements Disposable {
  #bytes: Buffer | null;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A copy; the caller keeps, and wipes, the original. */
  static copyOf(bytes: Uint8Array): SecretBytes {
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    copy.set(bytes);
    return new SecretBytes(copy);
  }

  /** Copies the bytes and wipes the original. */
  static take(bytes: Uint8Array): SecretBytes {
    const taken = SecretBytes.copyOf(bytes);
    bytes.fill(0);
    return taken;
  }

  /** Fresh random bytes from OpenSSL's generator. */
  static random(length: number): SecretBytes {
    const bytes = Buffer.allocUnsafeSlow(length);
    randomFillSync(bytes);
    return new SecretBytes(bytes);
  }

  get length(): number {
    return this.#open().length;
  }

  /** Lends the bytes to `work`, which must not keep them. */
  use<T>(work: (bytes: Uint8Array) => T): T {
    return work(this.#open());
  }

  copy(): SecretBytes {
    return SecretBytes.copyOf(this.#open());
  }

  /** Compares in constant time; only the lengths may be told apart. */
  equals(other: SecretBytes | Uint8Array): boolean {
    const mine = this.#open();
    const theirs = other instanceof SecretBytes ? other.#open() : other;
    return mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  [Symbol.dispose](): void {
    this.#bytes?.fill(0);
    this.#bytes = null;
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

  #open(): Buffer {
    if (this.#bytes === null) throw new Error(wiped);
    return this.#bytes;
  }
}
