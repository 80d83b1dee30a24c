import { z } from 'zod';
import {
  exportWraps,
  newId,
  sealKeyBlock,
  sha256Hex,
  wrapForTransport,
  wrapKey,
  type SecretBytes,
} from '#crypto';
import { ClavigerError, factsOf, requireUsableVersion, type AlgorithmName } from '#domain';
import type { Copy } from '#ports';
import { anyCondition, defineOperation, onKey, present, usableOnly } from '../define.ts';
import type { House } from '../house.ts';
import { bytes, keyReference, versionNumber } from '../inputs.ts';
import type { CheckedKey, Outcome, TargetRule, Work } from '../operation.ts';
import { updateOf } from './change.ts';
import { headerOf } from './key-block-terms.ts';
import { materialOf } from './sealing.ts';
import { wrapperName } from './wrapper-name.ts';

const line = z.string().regex(/^[^\p{Cc}]{1,500}$/u);

const base = z.strictObject({
  key: keyReference,
  version: versionNumber,
  /** Where the copy goes, in words. */
  place: line,
  /** Who answers for it. */
  holder: line,
});
type Base = z.infer<typeof base>;

const exportInput = base.extend({
  /** SubjectPublicKeyInfo of the recipient, DER. */
  publicKey: bytes(1, 4096),
  wrap: z.enum(exportWraps),
});
type ExportInput = z.infer<typeof exportInput>;

const underKeyInput = base.extend({
  wrappingKey: keyReference,
  /** `TR_31_D`: a key block of X9.143 (TR-31), version D, as text. */
  form: z.enum(['AES_KWP', 'TR_31_D']),
  /** What a key block allows its recipient: N nothing leaves again (the default), E under a trusted key, S in other ways too. */
  exportability: z.enum(['N', 'E', 'S']).optional(),
});
type UnderKeyInput = z.infer<typeof underKeyInput>;

export type ExportedKey = {
  readonly keyId: string;
  readonly version: number;
  readonly wrap: string;
  readonly wrapped: Uint8Array;
  readonly copy: Copy;
};

/** The key whose material leaves; with its version, which must be one that its recipient may still process with. */
function leaving<I extends Base>(): TargetRule<I> {
  return onKey<I>({
    permission: 'keys:export',
    act: 'manage',
    conditions: usableOnly,
    version: ({ version }) => version,
  });
}

export function requireExportable({ key, version }: CheckedKey, now: number): void {
  if (!key.exportable || version.device) {
    throw new ClavigerError(
      'operation-unsupported',
      `Key ${key.id} was not made exportable: its material does not leave. Make another one with --exportable.`,
    );
  }
  //= sp800-57p1r5 7.3 and 7.5: what is given to others is for processing at least; suspended and compromised material is not
  requireUsableVersion(key, version, 'process', now);
}

/** The encoded material of a version; the caller disposes it. */
export async function takeOut(house: House, { key, version }: CheckedKey): Promise<SecretBytes> {
  const stored = await house.store.key(key.id);
  const wrapped = stored?.materials.find((entry) => entry.version === version.number);
  if (!wrapped)
    throw new ClavigerError('key-destroyed', `Version ${version.number} of key ${key.id} has no material.`);
  const place = { environment: key.environment, keyId: key.id, version: version.number };
  return house.hierarchy.takeMaterial(place, key.spec, wrapped.material);
}

type Made = { readonly wrap: string; readonly wrapped: Uint8Array; readonly recipient: string };

/**
 * The export as it is answered, its copy registered by the same commit; that changes the key's revision, so that a destruction that
 * is decided at the same time sees the copy, or is seen.
 */
function exported({ now }: Work, target: CheckedKey, input: Base, made: Made): Outcome<ExportedKey> {
  const { key, version } = target;
  const { place, holder } = input;
  const detail = { recipient: made.recipient, wrap: made.wrap, version: version.number };
  const copy: Copy = {
    id: newId(),
    kind: 'export',
    keyId: key.id,
    createdAt: now,
    place,
    holder,
    status: 'live',
    detail,
  };
  return {
    output: { keyId: key.id, version: version.number, wrap: made.wrap, wrapped: made.wrapped, copy },
    changes: [updateOf(key, key), { kind: 'copy-put', copy, expected: null }],
    facts: { copy: copy.id, place, holder, ...detail },
  };
}

//= sp800-57p1r5 8.1.5.2.2: key material leaves only wrapped, for a recipient that is named
/** Wraps the material of an exportable key for the holder of an RSA key, and registers the copy. */
export const exportKey = defineOperation<ExportInput, ExportedKey>({
  name: 'keys.export',
  kind: 'manage',
  input: exportInput,
  targets: [leaving<ExportInput>()],
  quorum: 'export',
  run: async (work, input) => {
    const target = present(work.keys[0]);
    requireExportable(target, work.now);
    using material = await takeOut(work.house, target);
    const wrapped = wrapForTransport(input.wrap, input.publicKey, material);
    const recipient = `sha256:${sha256Hex(input.publicKey)}`;
    return exported(work, target, input, { wrap: input.wrap, wrapped, recipient });
  },
});

const keyWrap: AlgorithmName = 'AES_KWP';

/** Wraps the material of an exportable key under another key of the environment, by AES-KWP or in a key block, and registers the copy. */
export const exportUnderKey = defineOperation<UnderKeyInput, ExportedKey>({
  name: 'keys.export-under-key',
  kind: 'manage',
  input: underKeyInput,
  targets: [
    leaving<UnderKeyInput>(),
    {
      permission: 'keys:wrap',
      act: 'protect',
      conditions: usableOnly,
      reference: ({ wrappingKey }) => wrappingKey,
      usage: 'wrap',
      algorithm: () => keyWrap,
      bytes: () => 0,
    },
  ],
  quorum: 'export',
  run: async (work, input) => {
    const [target, under] = [present(work.keys[0]), present(work.keys[1])];
    requireExportable(target, work.now);
    requireStronger(under, target);
    const wrapped = await wrappedUnder(work.house, { target, under }, input);
    return exported(work, target, input, { wrap: input.form, wrapped, recipient: wrapperName(under) });
  },
});

async function wrappedUnder(
  house: House,
  { target, under }: { target: CheckedKey; under: CheckedKey },
  { form, exportability = 'N' }: UnderKeyInput,
): Promise<Uint8Array> {
  if (form === 'AES_KWP') {
    using material = await takeOut(house, target);
    return wrapKey(keyWrap, materialOf(under), material);
  }
  const header = headerOf(target.key, target.version.number, exportability);
  using protectionKey = await takeOut(house, under);
  using key = await takeOut(house, target);
  return Buffer.from(sealKeyBlock({ protectionKey, header, key }), 'latin1');
}

//= sp800-57p1r5 5.6.1.1: a key is wrapped by one that is at least as strong
function requireStronger(under: CheckedKey, target: CheckedKey): void {
  if (under.key.id === target.key.id)
    throw new ClavigerError('input-invalid', 'A key is not wrapped under itself.', {
      details: { field: 'wrappingKey' },
    });
  if (factsOf(under.key.spec).strengthBits >= factsOf(target.key.spec).strengthBits) return;
  throw new ClavigerError('input-invalid', `Key ${under.key.id} is weaker than what it would wrap.`, {
    details: { field: 'wrappingKey', spec: under.key.spec },
  });
}

const copiesInput = z.strictObject({ key: keyReference });
type CopiesInput = z.infer<typeof copiesInput>;

/** The exports of a key that are registered, the newest first; also those that are destroyed. */
export const listKeyCopies = defineOperation<CopiesInput, { readonly copies: readonly Copy[] }>({
  name: 'keys.list-copies',
  kind: 'read',
  input: copiesInput,
  targets: [
    onKey<CopiesInput>({
      permission: 'keys:list-copies',
      act: 'inspect',
      conditions: [...anyCondition, 'destroyed'],
    }),
  ],
  run: async ({ house, keys }) => {
    const { key } = present(keys[0]);
    const all = await house.store.copies.copies('export');
    return { output: { copies: all.filter(({ keyId }) => keyId === key.id) } };
  },
});
