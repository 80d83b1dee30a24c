import type { Command } from 'commander';
import type { KeyRecord } from '#sdk';
import { connect } from '../connect.ts';
import { outputOption, showList, type Shown } from '../output.ts';

type Root = { readonly kind: string; readonly where: string };
type Told = Pick<KeyRecord, 'id' | 'spec' | 'usage' | 'tier'> & { readonly reason: string };

const reasons: Readonly<Record<string, (root: Root) => string>> = {
  hsm: () => 'made in the HSM and used there; it can not be taken out',
  served: ({ kind }) => `used by this server alone; its root key (${kind}) is kept outside of it`,
  delivered: () => 'handed out to those who use it',
  development: ({ kind }) => `used by this server, and so is its root key (${kind}): for development`,
};

/** `key tiers`: how well each key is protected, and why. */
export function addTiers(keys: Command): void {
  keys
    .command('tiers')
    .description('the protection tier of each key, with the reason')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const client = connect();
      const { root } = await client.status();
      await showList(output, told(client.keys.list(500), root), {
        columns: ['id', 'spec', 'usage', 'tier', 'reason'],
        row: (key) => [key.id, key.spec, key.usage, key.tier, key.reason],
      });
    });
}

async function* told(keys: AsyncIterable<KeyRecord>, root: Root): AsyncGenerator<Told> {
  for await (const { id, spec, usage, tier } of keys)
    yield { id, spec, usage, tier, reason: reasons[tier]?.(root) ?? 'unknown' };
}
