import type { Command } from 'commander';
import { pairsOf, readAll } from '../arguments.ts';
import { connect } from '../connect.ts';
import { outputOption, type Shown } from '../output.ts';
import { tellKey } from './key.ts';

/** `key set-description|set-owner|tag|untag|policy|public-key`. */
export function addKeyAttributes(keys: Command): void {
  keys
    .command('set-description <key> <text>')
    .description('change what a key says of itself')
    .addOption(outputOption())
    .action(async (key: string, text: string, { output }: Shown) => {
      await tellKey(output, await connect().keys.setDescription(key, text));
    });
  keys
    .command('set-owner <key> <owner>')
    .description('hand a key over to another owner; who may use it does not change')
    .addOption(outputOption())
    .action(async (key: string, owner: string, { output }: Shown) => {
      await tellKey(output, await connect().keys.setOwner(key, owner));
    });
  keys
    .command('tag <key> <name=value...>')
    .description('set tags; one that is there already gets the new value')
    .addOption(outputOption())
    .action(async (key: string, texts: string[], { output }: Shown) => {
      const tags = pairsOf(texts, 'tag').map(([name, value]) => ({ key: name, value }));
      await tellKey(output, await connect().keys.tag(key, tags));
    });
  keys
    .command('untag <key> <name...>')
    .description('remove tags')
    .addOption(outputOption())
    .action(async (key: string, names: string[], { output }: Shown) => {
      await tellKey(output, await connect().keys.untag(key, names));
    });
  keys
    .command('public-key <key>')
    .description('the public half of a key pair, PEM')
    .action(async (key: string) => {
      const body = Buffer.from(await connect().keys.publicKey(key)).toString('base64');
      const lines = body.match(/.{1,64}/g) ?? [];
      process.stdout.write(`-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`);
    });
  addPolicy(keys);
}

/** A policy as people read it; one that is no JSON is shown as it is. */
function indented(policy: string): string {
  try {
    return JSON.stringify(JSON.parse(policy), null, 2);
  } catch {
    return policy;
  }
}

function addPolicy(keys: Command): void {
  const policy = keys.command('policy').description('read and write the policy of a key');
  policy
    .command('get <key>')
    .description('the policy, a JSON document')
    .action(async (key: string) => {
      process.stdout.write(`${indented(await connect().keys.policy(key))}\n`);
    });
  policy
    .command('set <key>')
    .description('replace the policy, unless that would lock you out')
    .option('--in <file>', 'the policy document; else the standard input')
    .option('--bypass-lockout-check', 'also where you could not change it again')
    .addOption(outputOption())
    .action(async (key: string, wish: Shown & { in?: string; bypassLockoutCheck?: boolean }) => {
      const text = (await readAll(wish.in)).toString('utf8');
      const bypassLockoutCheck = wish.bypassLockoutCheck ?? false;
      await tellKey(wish.output, await connect().keys.setPolicy(key, text, { bypassLockoutCheck }));
    });
}
