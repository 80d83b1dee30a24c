import { join } from 'node:path';
import { shredStoreContract, storeContract } from '#ports/contract';
import { shredStoreFixture, storeFixture, temporaryFolder } from './fixtures.ts';

storeContract('sqlite', () => {
  const folder = temporaryFolder();
  return storeFixture(`sqlite:${join(folder.path, 'store.db')}`, folder.remove);
});

shredStoreContract('sqlite', () => {
  const folder = temporaryFolder();
  return shredStoreFixture(`sqlite:${join(folder.path, 'shred.db')}`, folder.remove);
});
