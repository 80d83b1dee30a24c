/** The package has no types of its own. */
declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** Fills `key`; answers 0, or -1 where a length or the number of rounds is none. */
    pbkdf(
      passphrase: Uint8Array,
      passphraseLength: number,
      salt: Uint8Array,
      saltLength: number,
      key: Uint8Array,
      keyLength: number,
      rounds: number,
    ): number;
  };
  export default bcrypt;
}
