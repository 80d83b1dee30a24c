import type { Caller, Operation } from '../operation.ts';
import type { TestNode, TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import type { SecretValue } from './values.ts';

export const store = 'store-1';

type WriteWish = { readonly expected?: number | null; readonly keep?: number | null };

/** Short words for what tests do with secrets, as ada of alpha. */
export function secretsOf(node: Pick<TestNode, 'door'>, caller: () => Caller) {
  const run = <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
    node.door.run(operation, caller(), input);
  return {
    run,
    write: (path: string, value: SecretValue, { expected = null, keep = null }: WriteWish = {}) =>
      run(operations.writeSecret, { store, path, value, expected, keep }),
    read: (path: string, version = 0) => run(operations.readSecret, { store, path, version }),
    patch: (path: string, patch: SecretValue, expected: number | null = null) =>
      run(operations.patchSecret, { store, path, patch, expected }),
    delete: (path: string, ...versions: number[]) => run(operations.deleteSecret, { store, path, versions }),
    undelete: (path: string, ...versions: number[]) =>
      run(operations.undeleteSecret, { store, path, versions }),
    destroy: (path: string, ...versions: number[]) =>
      run(operations.destroySecret, { store, path, versions }),
    remove: (path: string) => run(operations.removeSecret, { store, path }),
    describe: async (path: string) => (await run(operations.describeSecret, { store, path })).head,
    names: async (folder: string, page: { after?: string; limit?: number } = {}) => {
      const { after = null, limit = 1000 } = page;
      const { entries } = await run(operations.listSecrets, { store, folder, after, limit });
      return entries.map(({ name }) => name);
    },
  };
}

export type Secrets = ReturnType<typeof secretsOf>;

/** Every value that the store holds sealed, with its shred secret's id. */
export async function sealedValues(world: Pick<TestWorld, 'store'>) {
  const page = { after: null, limit: 1000 };
  return world.store.documents.list({ environment: 'alpha', collection: 'secret-values' }, '', page);
}
