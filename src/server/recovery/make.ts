import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '#crypto';
import { ClavigerError, hasCode } from '#domain';
import { operations, recoveryHolders, type Operation, type RecoveryHolders } from '#operations';
import type { Copy } from '#ports';
import { openArchive, storeSchemaSteps } from '#storage';
import { compose, type Composition } from '../compose.ts';
import type { Config } from '../config.ts';
import { createLogger } from '../logger.ts';
import { nodeName } from '../node-name.ts';
import { manifestMaker, type Manifest } from './content.ts';
import { sealOf } from './seal.ts';
import { escrowRecords } from './escrow.ts';
import { requireFree, writeSealedFile, type Heading } from './sealed-file.ts';

/** What was made, and what its making replaced. */
export type Made = {
  readonly backup: { readonly id: string; readonly file: string; readonly manifest: Manifest } | null;
  readonly escrow: {
    readonly id: string;
    readonly file: string;
    readonly secrets: number;
    readonly destroyed: number;
  } | null;
  /** Escrows that still lie somewhere, and must be destroyed by their holders now. */
  readonly replaced: readonly Copy[];
};

type Wish = { readonly file: string; readonly withAudit: boolean; readonly escrowFile: string | null };

/**
 * Opens the house beside a server that may run, as a node of its own with a log of its own: what is done here is recorded like
 * everything else. One such process at a time.
 */
export async function besideServer<T>(
  config: Config,
  work: (composition: Composition) => Promise<T>,
): Promise<T> {
  const archive = await openArchive(config.databaseUrl);
  const isEmpty = await archive.isEmpty().finally(() => archive.close());
  if (isEmpty)
    throw new ClavigerError('configuration-invalid', 'The store is empty: there is nothing to back up.');
  const node = `${await nodeName(config, 0)}-tools`;
  let composition: Composition;
  try {
    composition = await compose({ config: { ...config, node }, logger: createLogger('silent'), worker: 0 });
  } catch (cause) {
    if (!hasCode(cause, 'conflict')) throw cause;
    throw new ClavigerError('conflict', 'Another backup, escrow or drill runs in this home.', { cause });
  }
  try {
    return await work(composition);
  } finally {
    await composition.close();
  }
}

async function headingOf({ house }: Composition, kind: Heading['kind'], id: string): Promise<Heading> {
  const { kind: rootKind, where } = house.root.describe();
  return {
    kind,
    id,
    createdAt: new Date(house.clock.now()).toISOString(),
    node: house.log.node,
    store: await house.store.claimSetting('store-id', newId()),
    root: { kind: rootKind, where },
    schema: storeSchemaSteps,
    generation: 0,
  };
}

async function requireHolders({ house }: Composition): Promise<RecoveryHolders> {
  const holders = await recoveryHolders(house.store);
  if (holders) return holders;
  throw new ClavigerError(
    'configuration-invalid',
    'There are no recovery holders: run claviger recovery holders set --threshold 2 NAME=PUBLIC.pem NAME=PUBLIC.pem first.',
  );
}

/** Files that come and go while a log is written: unfinished ones, and partial tiles, which the journal gives again. */
const passing = /\.new$|\.p[/\\][0-9]+$/;

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && passing.test(file)) return false;
    throw error;
  }
}

/** The files of the logs, in pieces. */
async function* logPieces(folder: string): AsyncGenerator<{ log: string; data: string }> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const file = path.join(folder, name);
    if (name.endsWith('.new') || path.basename(name) === 'lock' || !(await isFile(file))) continue;
    try {
      for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 }))
        yield { log: name.split(path.sep).join('/'), data: (piece as Buffer).toString('base64') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !passing.test(file)) throw error;
    }
  }
}

/** A backup of the store, and with it (unless `escrowFile` is null) a new escrow of the shred secrets, which replaces the one before. */
export function backupHome(config: Config, wish: Wish): Promise<Made> {
  return besideServer(config, async (composition) => {
    const holders = await requireHolders(composition);
    await requireFree(wish.file);
    if (wish.escrowFile !== null) await requireFree(wish.escrowFile);
    const id = newId();
    const heading = await headingOf(composition, 'backup', id);
    const maker = manifestMaker();
    let manifest: Manifest | null = null;
    async function* records(): AsyncGenerator<unknown> {
      const archive = await openArchive(config.databaseUrl);
      try {
        for await (const record of archive.dump()) {
          maker.add(JSON.stringify(record), record);
          yield record;
        }
      } finally {
        await archive.close();
      }
      for await (const piece of wish.withAudit ? logPieces(config.auditFolder) : []) {
        maker.add(JSON.stringify(piece), piece);
        yield piece;
      }
      manifest = maker.finish();
      yield { manifest, seal: sealOf(composition.houseKey, id, manifest) };
    }
    const done = (): Manifest => manifest ?? maker.finish();
    await writeSealedFile(wish.file, { heading, holders }, records(), async () => {
      const { keys, rows, sha256 } = done();
      await asHouse(composition, operations.recordBackup, {
        id,
        place: path.resolve(wish.file),
        holder: namesOf(holders),
        keys,
        rows,
        sha256,
      });
    });
    const backup = { id, file: wish.file, manifest: done() };
    if (wish.escrowFile === null) return { backup, escrow: null, replaced: [] };
    return { ...(await makeEscrow(composition, holders, wish.escrowFile)), backup };
  });
}

/** A new escrow of the shred secrets, which replaces the one before. */
export function escrowHome(config: Config, file: string): Promise<Made> {
  return besideServer(config, async (composition) =>
    makeEscrow(composition, await requireHolders(composition), file),
  );
}

function namesOf({ threshold, holders }: RecoveryHolders): string {
  return `${threshold} of ${holders.map(({ name }) => name).join(', ')}`.slice(0, 500);
}

async function asHouse<I, O>({ house, door }: Composition, operation: Operation<I, O>, input: I): Promise<O> {
  return door.runAsSystem<I, O>(operation, await house.firstEnvironment(), input);
}

async function makeEscrow(composition: Composition, holders: RecoveryHolders, file: string): Promise<Made> {
  const { house, shreds } = composition;
  await requireFree(file);
  const id = newId();
  // registered before the first secret is read: no destruction overlooks it
  const begun = await asHouse(composition, operations.beginEscrow, {
    id,
    place: path.resolve(file),
    holder: namesOf(holders),
  });
  const heading = {
    ...(await headingOf(composition, 'escrow', id)),
    generation: Number(begun.detail['generation']),
  };
  const counts = { secrets: 0, destroyed: 0 };
  let replaced: readonly Copy[] = [];
  await writeSealedFile(
    file,
    { heading, holders },
    escrowRecords({ shreds, store: house.store }, counts),
    async () => {
      ({ replaced } = await asHouse(composition, operations.completeEscrow, { id, ...counts }));
    },
  );
  return { backup: null, escrow: { id, file, ...counts }, replaced };
}
