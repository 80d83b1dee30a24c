import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';

type Step = { readonly name: string; readonly work: () => Promise<void> };

/** `quickstart`: proves an installation by a whole small life of a key. */
export function addQuickstart(program: Command): void {
  program
    .command('quickstart')
    .description('make a key, encrypt, rotate, decrypt, sign and verify: proves that everything works')
    .action(async () => {
      const client = connect();
      const secret = Buffer.from('a small secret');
      const made = { id: '', ciphertext: new Uint8Array() as Uint8Array };
      const steps: readonly Step[] = [
        {
          name: 'create a key',
          work: async () => void (made.id = (await client.keys.create({ description: 'quickstart' })).id),
        },
        { name: 'encrypt', work: async () => void (made.ciphertext = await client.encrypt(made.id, secret)) },
        { name: 'rotate', work: async () => void (await client.keys.rotate(made.id)) },
        {
          name: 'decrypt what the first version encrypted',
          work: async () => {
            if (!Buffer.from(await client.decrypt(made.ciphertext)).equals(secret))
              throw new Error('another plaintext');
          },
        },
        {
          name: 'sign and verify',
          work: async () => {
            const key = await client.keys.create({
              spec: 'EC_P256',
              usage: 'sign',
              description: 'quickstart',
            });
            const signature = await client.sign(key.id, secret);
            if (!(await client.verify(key.id, secret, signature))) throw new Error('not verified');
            await client.keys.scheduleDestroy(key.id, 7);
          },
        },
        {
          name: 'schedule the destruction',
          work: async () => void (await client.keys.scheduleDestroy(made.id, 7)),
        },
        {
          name: 'see that it does not encrypt any more',
          work: async () => {
            const refused = await client.encrypt(made.id, secret).then(
              () => false,
              () => true,
            );
            if (!refused)
              throw new CliError(exitCodes.failed, 'A key that is to be destroyed still encrypts.');
          },
        },
      ];
      for (const { name, work } of steps) {
        const begin = performance.now();
        await work();
        process.stdout.write(`ok  ${name.padEnd(42)} ${(performance.now() - begin).toFixed(1)} ms\n`);
      }
    });
}
