import { operations, type RekeyState } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';

async function seal({ run }: Asked): Promise<Answer> {
  await run(operations.sealServer, {});
  return null;
}

function keyStatus({ generation, running }: RekeyState): Readonly<Record<string, unknown>> {
  return { term: generation, install_time: null, encryptions: 0, claviger_resealing: running };
}

async function readKeyStatus({ caller, run }: Asked): Promise<Answer> {
  const state = await run(operations.rekeyStatus, { name: caller.principal.environment });
  return { data: keyStatus(state), alsoOnTop: true };
}

/** A new key-encryption key for the environment; what older ones sealed is sealed anew by the house itself. */
async function rotate({ caller, run }: Asked): Promise<Answer> {
  await run(operations.rekeyEnvironment, { name: caller.principal.environment });
  return null;
}

async function rotateConfig(): Promise<Answer> {
  return { data: { enabled: false, interval: 0, max_operations: 0 }, alsoOnTop: true };
}

function notAutomatic(): never {
  throw new VaultError(
    400,
    'the key of an environment is changed when somebody asks for it: claviger environment rekey NAME, or sys/rotate',
  );
}

export const sealRoutes: readonly Route[] = [
  { path: 'seal', about: 'Seals the server.', sudo: true, handlers: { update: seal } },
  {
    path: 'key-status',
    about: 'Tells which key-encryption key of the environment seals.',
    handlers: { read: readKeyStatus },
  },
  {
    path: 'rotate',
    about: 'Gives the environment a new key-encryption key.',
    sudo: true,
    handlers: { update: rotate },
  },
  {
    path: 'rotate/keyring',
    about: 'Gives the environment a new key-encryption key.',
    sudo: true,
    handlers: { update: rotate },
  },
  {
    path: 'rotate/config',
    about: 'Tells when that happens by itself: never.',
    sudo: true,
    handlers: { read: rotateConfig, update: async () => notAutomatic() },
  },
];
