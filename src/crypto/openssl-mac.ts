// The type declarations of Node lag behind Node, which has createMac since 26.
declare module 'node:crypto' {
  /** A message authentication code of OpenSSL; CMAC needs the name of its block cipher in CBC mode. */
  function createMac(
    algorithm: 'cmac',
    key: KeyObject,
    options: { readonly cipher: string },
  ): { update(data: Uint8Array): ReturnType<typeof createMac>; final(): Buffer };
}

export {};
