/** Why an encrypted file can't be opened. */
export class EnvelopeError extends Error {
  readonly code: 'not-ours' | 'damaged' | 'truncated' | 'wrong-key';

  constructor(code: EnvelopeError['code'], message: string) {
    super(message);
    this.name = 'EnvelopeError';
    this.code = code;
  }
}
