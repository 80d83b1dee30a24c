import { z } from 'zod';
import { newId } from '#crypto';
import { ClavigerError } from '#domain';
import type { Change, Copy } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { requireFirstEnvironment } from './holders.ts';

const line = z.string().regex(/^[^\p{Cc}]{1,500}$/u);
const id = z.uuid();
const count = z.number().int().min(0);

const backupInput = z.strictObject({
  id,
  place: line,
  holder: line,
  keys: count,
  rows: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
type BackupInput = z.infer<typeof backupInput>;

/** Records a backup that is whole and not yet given to anybody. */
export const recordBackup = defineOperation<BackupInput, Copy>({
  name: 'backup.create',
  kind: 'manage',
  input: backupInput,
  targets: [],
  permission: 'backup:create',
  run: ({ now }, { id: backup, place, holder, ...detail }) => {
    const copy: Copy = {
      id: backup,
      kind: 'backup',
      keyId: null,
      createdAt: now,
      place,
      holder,
      status: 'live',
      detail,
    };
    return {
      output: copy,
      changes: [{ kind: 'copy-put', copy, expected: null }],
      facts: { backup, place, ...detail },
    };
  },
});

const beginInput = z.strictObject({ id, place: line, holder: line });
type BeginInput = z.infer<typeof beginInput>;

const generationOf = ({ detail }: Copy): number =>
  typeof detail['generation'] === 'number' ? detail['generation'] : 0;

/** Registers an escrow before the first secret is read for it: from here on a destruction knows of it. */
export const beginEscrow = defineOperation<BeginInput, Copy>({
  name: 'escrow.create',
  kind: 'manage',
  input: beginInput,
  targets: [],
  permission: 'escrow:create',
  run: async ({ house, now }, { id: escrow, place, holder }) => {
    const others = await house.store.copies.copies('escrow');
    const generation = Math.max(0, ...others.map(generationOf)) + 1;
    const detail = { generation, readUntil: null };
    const copy: Copy = {
      id: escrow,
      kind: 'escrow',
      keyId: null,
      createdAt: now,
      place,
      holder,
      status: 'live',
      detail,
    };
    return {
      output: copy,
      changes: [{ kind: 'copy-put', copy, expected: null }],
      facts: { escrow, place, generation },
    };
  },
});

const completeInput = z.strictObject({ id, secrets: count, destroyed: count });
type CompleteInput = z.infer<typeof completeInput>;

/** Says that an escrow is whole: those before it are replaced, and their holders have to destroy them. */
export const completeEscrow = defineOperation<
  CompleteInput,
  { readonly copy: Copy; readonly replaced: readonly Copy[] }
>({
  name: 'escrow.complete',
  kind: 'manage',
  input: completeInput,
  targets: [],
  permission: 'escrow:complete',
  run: async ({ house, now }, { id: escrow, secrets, destroyed }) => {
    const known = await findCopy(house, escrow);
    const copy: Copy = { ...known, detail: { ...known.detail, readUntil: now, secrets, destroyed } };
    const replaced = (await house.store.copies.copies('escrow'))
      .filter((other) => other.status === 'live' && generationOf(other) < generationOf(copy))
      .map((other): Copy => ({ ...other, status: 'replaced' }));
    const changes: Change[] = replaced.map((other) => ({ kind: 'copy-put', copy: other, expected: 'live' }));
    return {
      output: { copy, replaced },
      changes: [{ kind: 'copy-put', copy, expected: 'live' }, ...changes],
      facts: { escrow, secrets, destroyed, replaced: replaced.length },
    };
  },
});

async function findCopy(house: House, copy: string): Promise<Copy> {
  const found = await house.store.copies.copy(copy);
  if (found) return found;
  throw new ClavigerError('input-invalid', `There is no registered copy ${copy}.`, {
    details: { field: 'id' },
  });
}

/** A copy that is the caller's business: an export of a key of its environment; all the others are the first environment's. */
async function findOwn(house: House, caller: Caller, wanted: string): Promise<Copy> {
  const known = await house.store.copies.copy(wanted);
  const stored = known?.keyId ? await house.store.key(known.keyId) : null;
  if (known && stored?.key.environment === caller.principal.environment) return known;
  // others are not even told whether there is one
  await requireFirstEnvironment(house, caller, 'The register of copies');
  return known ?? (await findCopy(house, wanted));
}

const registerInput = z.strictObject({ copy: id, place: line, holder: line });
type RegisterInput = z.infer<typeof registerInput>;

/** Registers one more copy of a backup, escrow or export that is known: at another place, with another holder. */
export const registerCopy = defineOperation<RegisterInput, Copy>({
  name: 'copies.register',
  kind: 'manage',
  input: registerInput,
  targets: [],
  permission: 'copies:register',
  run: async ({ house, caller }, { copy: original, place, holder }) => {
    const known = await findOwn(house, caller, original);
    const copy: Copy = { ...known, id: newId(), place, holder, detail: { ...known.detail, of: original } };
    if (known.status === 'destroyed')
      throw new ClavigerError('input-invalid', `Copy ${original} is destroyed: register one that is there.`);
    return {
      output: copy,
      changes: [{ kind: 'copy-put', copy, expected: null }],
      facts: { copy: copy.id, of: original, place, holder },
    };
  },
});

const acknowledgeInput = z.strictObject({ copy: id });
type AcknowledgeInput = z.infer<typeof acknowledgeInput>;

/** Takes down that the holder of a copy destroyed it. The newest escrow stays as long as nothing replaces it only if its holder says so too. */
export const acknowledgeDestroyed = defineOperation<AcknowledgeInput, Copy>({
  name: 'copies.acknowledge-destroyed',
  kind: 'manage',
  input: acknowledgeInput,
  targets: [],
  permission: 'copies:acknowledge',
  run: async ({ house, caller, now }, { copy: wanted }) => {
    const known = await findOwn(house, caller, wanted);
    const told = { ...known.detail, destroyedAt: now, acknowledgedBy: caller.principal.name };
    const detail = known.status === 'destroyed' ? known.detail : told;
    const copy: Copy = { ...known, status: 'destroyed', detail };
    return {
      output: copy,
      changes: [{ kind: 'copy-put', copy, expected: known.status }],
      facts: { copy: wanted, kind: known.kind, holder: known.holder, place: known.place },
    };
  },
});

const listInput = z.strictObject({ kind: z.enum(['export', 'backup', 'escrow']).nullable() });
type ListInput = z.infer<typeof listInput>;

/** The register of copies. */
export const listCopies = defineOperation<ListInput, { readonly copies: readonly Copy[] }>({
  name: 'copies.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'copies:list',
  run: async ({ house, caller }, { kind }) => {
    await requireFirstEnvironment(house, caller, 'The register of copies');
    return { output: { copies: await house.store.copies.copies(kind) } };
  },
});
