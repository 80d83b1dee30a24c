import { openSecret, randomBytes, SecretBytes, sealSecret } from '#crypto';
import { ClavigerError, hasCode, StopError } from '#domain';
import { asWrappedMaterial, type RootOfTrust } from '#ports';
import { openToken, type TokenClient } from './token-client.ts';
import { parsePkcs11Uri } from './uri.ts';

/*
 * Why two layers. AES key wrap (RFC 3394) needs no nonce, which some devices insist on choosing themselves, but it authenticates no
 * context. So the token wraps a fresh 32-byte key, 40 bytes with an integrity value of 64 bits, and that key seals the secret by
 * AES-256-GCM with the context in the derivation and in the associated data: a wrong context, a changed byte in either layer and a
 * key of another root all fail in one of the two. The fresh key is used once, in memory, and wiped; to have it again one needs the token.
 */
const formatOne = 1;
const keyBytes = 32;
const wrappedBytes = 40;
const headBytes = 1 + wrappedBytes;
const salt = Buffer.from('claviger pkcs11 root', 'utf8');

/** How the root key is told from others of its label, and whether it may be made. */
export type RootChoice = {
  /** True for a store that holds nothing: only there a missing root key is made. */
  readonly mayCreate: boolean;
  /** Keeps the id of the root key if none is kept, and says which one is. */
  readonly claimId: (id: string) => Promise<string>;
};

/** The root key in a PKCS #11 token. Rejects with a StopError for a wrong PIN, `root-unavailable` where token or key is not there. */
export async function openPkcs11Root(uri: string, choice: RootChoice): Promise<RootOfTrust> {
  const place = parsePkcs11Uri(uri);
  const { object: label } = place;
  if (label === null)
    throw new ClavigerError('configuration-invalid', 'The PKCS #11 URI of a root must name its object=.');
  const token = openToken(place);
  try {
    const id = place.id ?? (await chooseId(token, label, choice));
    const root = rootIn(token, { label, id });
    // a root key that is not there is noticed at start, not at the first key
    await root.wrap(new Uint8Array(keyBytes), 'claviger root check');
    return root;
  } catch (error) {
    await token.close();
    throw error;
  }
}

async function chooseId(token: TokenClient, label: string, choice: RootChoice): Promise<string> {
  const [known] = await token.call('rootIds', { label });
  if (known !== undefined) return choice.claimId(known);
  if (!choice.mayCreate)
    throw new ClavigerError(
      'root-unavailable',
      `The token ${token.place.token} has no root key labelled ${label}, and this store needs the one that it was made with.`,
    );
  const fresh = Buffer.from(randomBytes(16)).toString('hex');
  await token.call('createRoot', { label, id: fresh });
  const chosen = await choice.claimId(fresh);
  // another process of the same first start was quicker: its key stands
  if (chosen !== fresh) await token.call('destroyRoot', { label, id: fresh });
  return chosen;
}

function rootIn(token: TokenClient, name: { label: string; id: string }): RootOfTrust {
  const refused = (cause?: unknown) =>
    new StopError(
      'root-refused',
      'The root of trust (pkcs11) does not open this store: it is another one, or the store was changed.',
      { cause },
    );

  return {
    describe: () => ({
      kind: 'pkcs11',
      where: `token ${token.place.token}, object ${name.label}`,
      tier: 'hsm',
    }),

    async wrap(secret, context) {
      using copy = SecretBytes.copyOf(secret);
      using fresh = SecretBytes.random(keyBytes);
      const toWrap = fresh.use((bytes) => new Uint8Array(bytes));
      try {
        const wrapped = await token.call('wrapBytes', { ...name, secret: toWrap });
        if (wrapped.length !== wrappedBytes)
          throw new ClavigerError('root-unavailable', 'The token wrapped a key in an unknown form.');
        const sealed = sealSecret({ kek: fresh, salt, info: context }, copy);
        return asWrappedMaterial(new Uint8Array(Buffer.concat([Buffer.of(formatOne), wrapped, sealed])));
      } finally {
        toWrap.fill(0);
      }
    },

    async unwrap(wrapped, context) {
      const bytes = new Uint8Array(wrapped);
      if (bytes[0] !== formatOne || bytes.length <= headBytes) {
        await token.probe();
        throw refused();
      }
      const key = await token.call('unwrapBytes', { ...name, wrapped: bytes.slice(1, headBytes) });
      if (key?.length !== keyBytes) throw refused();
      using fresh = SecretBytes.take(key);
      try {
        using opened = openSecret({ kek: fresh, salt, info: context }, bytes.subarray(headBytes));
        return opened.use((secret) => Buffer.from(secret));
      } catch (cause) {
        if (!hasCode(cause, 'integrity-failed')) throw cause;
        throw refused(cause);
      }
    },

    probe: () => token.probe(),
    close: () => token.close(),
  };
}
