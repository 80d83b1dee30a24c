declare const wrapped: unique symbol;

/**
 * Key material as a store may see it: encrypted and bound to its key and version. Only the key hierarchy in
 * `operations` makes one; the store accepts nothing else.
 */
export type WrappedMaterial = Uint8Array & { readonly [wrapped]: true };

/** Marks bytes as wrapped. Called where material is wrapped, and where a store hands back what it was given. */
export function asWrappedMaterial(bytes: Uint8Array): WrappedMaterial {
  return bytes as WrappedMaterial;
}
