import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { addConfirmation, requireConfirmed, type Confirmed } from '../confirm.ts';
import { connect } from '../connect.ts';
import { facts, outputOption, type Shown } from '../output.ts';
import { tellKey } from './key.ts';

const dayMillis = 86_400_000;

/** What somebody should see before a key ends. */
async function whatEnds(key: string, consequence: string): Promise<string> {
  const client = connect();
  const [{ id, state, description }, { lastUse, trackingSince }, names] = await Promise.all([
    client.keys.show(key),
    client.keys.lastUse(key),
    Array.fromAsync(client.names.list(key)),
  ]);
  const used = lastUse
    ? `${lastUse.at} by ${lastUse.principal} (${lastUse.operation})`
    : `never since ${trackingSince}`;
  const told = facts({
    key: id,
    names: names.map(({ name }) => name).join(' '),
    state,
    description,
    'last used': used,
  });
  return `${told}\n${consequence}\n`;
}

/** `key schedule-destroy|cancel-destroy|compromise|rotation`. */
export function addKeyLife(keys: Command): void {
  addDestruction(keys);
  addCompromise(keys);
  const rotation = keys.command('rotation').description('rotate a key by itself');
  rotation
    .command('enable <key>')
    .description('make a new version regularly; called again it changes the period')
    .option('--days <days>', 'the period', wholeNumber, 365)
    .addOption(outputOption())
    .action(async (key: string, { output, days }: Shown & { days: number }) => {
      await tellKey(output, await connect().keys.enableRotation(key, days));
    });
  rotation
    .command('disable <key>')
    .description('rotate only on demand')
    .addOption(outputOption())
    .action(async (key: string, { output }: Shown) => {
      await tellKey(output, await connect().keys.disableRotation(key));
    });
}

function addDestruction(keys: Command): void {
  const schedule = keys
    .command('schedule-destroy <key>')
    .description('stop a key now, and destroy it for ever after a waiting period')
    .option('--days <days>', 'waiting period, 7 to 30 days', wholeNumber, 30)
    .option('--reason <text>', 'why: a line for the record and the certificate')
    .addOption(outputOption());
  type Wish = Shown & Confirmed & { readonly days: number; readonly reason?: string };
  addConfirmation(schedule).action(async (key: string, wish: Wish) => {
    const due = new Date(Date.now() + wish.days * dayMillis).toISOString();
    const consequence = `The key stops now. From ${due} on everything under it is unreadable for ever.`;
    await requireConfirmed(key, wish, () => whatEnds(key, consequence));
    const said = wish.reason === undefined ? {} : { reason: wish.reason };
    await tellKey(wish.output, await connect().keys.scheduleDestroy(key, wish.days, said));
  });
  keys
    .command('cancel-destroy <key>')
    .description('call a scheduled destruction off; the key comes back suspended')
    .addOption(outputOption())
    .action(async (key: string, { output }: Shown) => {
      await tellKey(output, await connect().keys.cancelDestroy(key));
    });
}

type CompromiseWish = Shown & Confirmed & { readonly keyVersion?: number; readonly occurred?: string };

function addCompromise(keys: Command): void {
  const report = keys
    .command('compromise <key>')
    .description('report that others know or may know a version: it stops at once, and for good')
    .option('--key-version <number>', 'the version; else the newest', wholeNumber)
    .option('--occurred <time>', 'when it happened, e.g. 2026-01-31T12:00:00Z')
    .addOption(outputOption());
  addConfirmation(report).action(async (key: string, wish: CompromiseWish) => {
    const which = wish.keyVersion === undefined ? 'The newest version' : `Version ${wish.keyVersion}`;
    const consequence = `${which} stops now, for good: it neither encrypts nor decrypts any more.`;
    await requireConfirmed(key, wish, () => whatEnds(key, consequence));
    const facts = {
      ...(wish.keyVersion === undefined ? {} : { version: wish.keyVersion }),
      ...(wish.occurred === undefined ? {} : { occurredAt: wish.occurred }),
    };
    await tellKey(wish.output, await connect().keys.reportCompromise(key, facts));
  });
}
