import { z } from 'zod';
import { companionMacMaterial, constantTimeEqual, hashNames, hmacWith, mac, type KeyMaterial } from '#crypto';
import { ClavigerError, factsOf, versionOf, type AlgorithmName, type Key, type KeyUsage } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, versionNumber } from '../inputs.ts';
import type { Work } from '../operation.ts';
import { batchFacts, batchOf, doneVersions, eachItem, isDryRun, type ItemResult, madeBy } from './items.ts';

/**
 * Message authentication codes of many messages in one request. HMAC is possible beside every purpose of a key: where it is not the
 * key's own, it is under a companion key that is derived from the version's material and does nothing else.
 */
const messageMax = 32 * 1024 * 1024;
const cmacBytes = 16;

const macChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('HMAC'), hash: z.enum(hashNames) }),
  z.strictObject({
    kind: z.literal('CMAC'),
    //= sp800-38b A.2: 64 bits and more
    /** Bytes of the code. */
    length: z.number().int().min(8).max(cmacBytes),
  }),
]);
export type MacChoice = z.infer<typeof macChoice>;

const messageItem = z.strictObject({ message: bytes(0, messageMax) });
const codeItem = messageItem.extend({ code: bytes(0, 64), version: z.number().int().min(1) });

type CodeResult = ItemResult<{ readonly code: Uint8Array; readonly version: number }>;
type CheckedResult = ItemResult<{ readonly valid: boolean }>;

type Chosen = { readonly choice: MacChoice };

/** CMAC is the purpose of a key; HMAC goes beside any. */
function usageFor({ choice }: Chosen, key: Key): KeyUsage {
  return choice.kind === 'CMAC' ? 'mac' : key.usage;
}

function algorithmFor({ choice }: Chosen, key: Key): AlgorithmName | null {
  return choice.kind === 'CMAC' ? 'AES_CMAC' : algorithmOr(null, key, key.usage);
}

function codeOf(choice: MacChoice, key: Key, material: KeyMaterial, message: Uint8Array): Uint8Array {
  if (choice.kind === 'CMAC') return mac('AES_CMAC', material, message).subarray(0, choice.length);
  const own = factsOf(key.spec).family === 'hmac' ? material : companionMacMaterial(material);
  return hmacWith(choice.hash, own, message);
}

/** The material of a version that this process can open. */
async function openedVersion(work: Work, number: number): Promise<KeyMaterial> {
  const { key, opened } = present(work.keys[0]);
  if (versionOf(key, number)?.device)
    throw new ClavigerError(
      'operation-unsupported',
      `Key ${key.id} lives in a device, which makes no such codes.`,
    );
  return opened.peek(number) ?? opened.open(number);
}

const macInput = z.strictObject({ ...batchOf(messageItem), version: versionNumber, choice: macChoice });
type MacInput = z.infer<typeof macInput>;

const asFacts = (choice: MacChoice) => ({
  mac: choice.kind,
  ...(choice.kind === 'HMAC' ? { hash: choice.hash } : {}),
});

/** Makes codes under the version that protects. */
export const macItems = defineOperation<MacInput, { key: Key; results: readonly CodeResult[] }>({
  name: 'keys.mac-items',
  kind: 'use',
  isDryRun,
  input: macInput,
  targets: [
    onKey<MacInput>({
      permission: 'keys:generate-mac',
      act: 'protect',
      conditions: usableOnly,
      usage: usageFor,
      algorithm: algorithmFor,
      version: ({ version }) => version,
      bytes: ({ items }) => items.reduce((sum, { message }) => sum + message.length, 0),
      uses: ({ items }) => items.length,
    }),
  ],
  run: async (work, { items, choice }) => {
    const { key, version } = present(work.keys[0]);
    const material = await openedVersion(work, version.number);
    const results: readonly CodeResult[] = await eachItem(items, ({ message }) => ({
      code: codeOf(choice, key, material, message),
      version: version.number,
    }));
    return {
      output: { key, results },
      facts: { ...batchFacts(results), ...asFacts(choice) },
    };
  },
});

const verifyInput = z.strictObject({ ...batchOf(codeItem), choice: macChoice });
type VerifyInput = z.infer<typeof verifyInput>;

async function checkOne(work: Work, choice: MacChoice, item: z.infer<typeof codeItem>): Promise<boolean> {
  const { key } = present(work.keys[0]);
  const algorithm = algorithmFor({ choice }, key);
  const version = madeBy(work, key, { what: 'code', number: item.version, algorithm });
  const material = await openedVersion(work, version.number);
  return constantTimeEqual(codeOf(choice, key, material, item.message), item.code);
}

/** Checks codes, each with the version that made it, as far as that version may still process. */
export const verifyMacItems = defineOperation<VerifyInput, { key: Key; results: readonly CheckedResult[] }>({
  name: 'keys.verify-mac-items',
  kind: 'use',
  isDryRun,
  input: verifyInput,
  targets: [
    onKey<VerifyInput>({
      permission: 'keys:verify-mac',
      act: 'process',
      conditions: usableOnly,
      usage: usageFor,
      algorithm: algorithmFor,
      eachVersion: true,
    }),
  ],
  run: async (work, { items, choice }) => {
    const { key } = present(work.keys[0]);
    const results: readonly CheckedResult[] = await eachItem(items, async (item) => ({
      valid: await checkOne(work, choice, item),
    }));
    const invalid = results.filter((result) => 'valid' in result && !result.valid).length;
    return {
      output: { key, results },
      facts: { ...batchFacts(results), invalid, ...asFacts(choice) },
      processed: doneVersions(items, results),
    };
  },
});
