import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typesByNumber } from '../src/cli/key-files/vault-backup.ts';
import { typeNames } from '../src/protocols/vault/engines/transit/backup-format.ts';

describe('backups of Vault', () => {
  it('have the same types for the command line, which shares no code with the protocol, as for the server', () => {
    assert.deepEqual({ ...typesByNumber }, { ...typeNames });
  });
});
