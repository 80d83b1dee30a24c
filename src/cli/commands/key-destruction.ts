import type { Command } from 'commander';
import type { DestructionRecord } from '#sdk';
import { connect } from '../connect.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';

/** From here on a destruction that is still asked for is said aloud. */
const nearMillis = 72 * 3_600_000;

/** Who asked for a key since it stopped, and what that means while there is time; empty: nobody did. */
export function demandText({ keyId, destruction, demands }: DestructionRecord, now: number): string {
  if (!destruction || demands.length === 0) return '';
  const rows = demands.map((demand) => [demand.principal, demand.operation, demand.count, demand.lastAt]);
  const asked = table(['still asks', 'for', 'times', 'last'], rows);
  const left = Date.parse(destruction.dueAt) - now;
  if (destruction.step !== 'scheduled' || left > nearMillis) return asked;
  const times = demands.reduce((sum, { count }) => sum + count, 0);
  const refused = times === 1 ? 'a request for it was refused' : `${times} requests for it were refused`;
  return (
    `${asked}\nThis key is still needed: ${refused} since it stopped. The point of no return is ` +
    `${destruction.dueAt}; before that, claviger key cancel-destroy ${keyId} brings it back.\n`
  );
}

function copiesText({ copies }: DestructionRecord): string {
  if (copies.length === 0) return '';
  const rows = copies.map(({ kind, createdAt, place, holder, status }) => [
    kind,
    createdAt,
    place,
    holder,
    status,
  ]);
  return `\n${table(['copy that can open it', 'made', 'place', 'holder', 'status'], rows)}`;
}

function checksText({ destruction }: DestructionRecord): string {
  const checks = destruction?.checks ?? [];
  if (checks.length === 0) return '';
  const rows = checks.map(({ node, version, method, at, opens }) => [
    node,
    version,
    method,
    at,
    opens ? 'IT OPENS' : 'nothing opens',
  ]);
  const failed = checks.some(({ opens }) => opens)
    ? '\nThe destruction failed: the key can still be opened. The log of the server says where.\n'
    : '';
  return `\n${table(['checked by', 'version', 'how', 'at', 'seen'], rows)}${failed}`;
}

/** Everything that is known, for eyes. */
export function destructionText(record: DestructionRecord, now: number): string {
  const { destruction, keyId, requester, copies } = record;
  if (!destruction) return `No destruction of key ${keyId} was ever asked for.\n`;
  const { execution } = destruction;
  const head = facts({
    key: keyId,
    step: destruction.step,
    'asked by': requester ?? destruction.requestedBy,
    reason: destruction.reason ?? 'nothing was said',
    asked: destruction.requestedAt,
    due: destruction.dueAt,
    executed: execution ? `${execution.at} by ${execution.node} (${execution.method})` : 'not yet',
    copies:
      copies.length === 0 ? 'none that is registered can open it' : `${copies.length} can still open it`,
  });
  const demand = demandText(record, now);
  return `${head}${demand === '' ? '' : `\n${demand}`}${checksText(record)}${copiesText(record)}`;
}

/** `key destruction`. */
export function addKeyDestruction(keys: Command): void {
  keys
    .command('destruction <key>')
    .description('how far a destruction has come, who still asks for the key, what can still open it')
    .addOption(outputOption())
    .action(async (key: string, { output }: Shown) => {
      const record = await connect().keys.destruction(key);
      await show(output, record, () => destructionText(record, Date.now()));
    });
}
