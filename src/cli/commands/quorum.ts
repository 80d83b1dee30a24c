import { Option, type Command } from 'commander';
import type { ApprovalRecord, QuorumPolicyRecord, QuorumTermsRecord } from '#sdk';
import { approvalKeyAt, readApprovalKey, usualKeyFile } from '../approval-key.ts';
import { collect, pairsOf } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';

/** `quorum policy ...` and `approval ...`. */
export function addQuorumCommands(program: Command): void {
  const quorum = program.command('quorum').description('what needs the approval of how many of whom');
  addPolicy(quorum.command('policy').description('look at the policy of the environment, and change it'));
  const approvals = program.command('approval').description('approve what others ask for, or deny it');
  addLooking(approvals);
  addDeciding(approvals);
}

const whoOf = ({ approvers }: QuorumTermsRecord): string =>
  'role' in approvers ? `role:${approvers.role}` : approvers.names.join(',');

async function tellPolicy(output: Shown['output'], policy: QuorumPolicyRecord): Promise<void> {
  const rules = Object.entries(policy.rules);
  await show(output, policy, () => {
    const inForce = table(
      ['rule', 'approvals', 'of', 'hours'],
      rules.map(([rule, terms]) => [rule, terms.approvalsMin, whoOf(terms), terms.expirySeconds / 3600]),
    );
    const people = table(
      ['approver', 'disabled', 'key'],
      policy.approvers.map((each) => [each.principal, each.disabled, each.fingerprint?.slice(0, 16)]),
    );
    return `${rules.length === 0 ? 'Nothing needs approval.\n' : inForce}\n${people}`;
  });
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(text: string): number {
  const [, number = '', unit = ''] = /^([0-9]{1,7})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (units[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw new CliError(exitCodes.usage, `--expiry ${text} is no time.`, 'say it like 90m, 24h or 3d');
}

/** Terms of words like `2:bo,cy,dee` and `2:role:auditor`. */
function termsOf(words: string, expirySeconds: number): QuorumTermsRecord {
  const [, number = '', role, names = ''] = /^([0-9]{1,2}):(?:role:(.+)|(.+))$/.exec(words) ?? [];
  if (number === '')
    throw new CliError(
      exitCodes.usage,
      `${words} says not how many of whom.`,
      'say it like destroy=2:bo,cy,dee or destroy=2:role:auditor',
    );
  const approvers = role === undefined ? { names: names.split(',') } : { role };
  return { approvalsMin: Number(number), approvers, expirySeconds };
}

function addPolicy(policy: Command): void {
  policy
    .command('show')
    .description('the rules in force, and who can approve')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => tellPolicy(output, await connect().approvals.policy()));
  policy
    .command('set')
    .description('say all rules anew; where rules are in force each of them must approve it')
    .addOption(
      new Option('--rule <rule=M:who>', 'e.g. destroy=2:bo,cy,dee or export=1:role:auditor; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--expiry <time>', 'how long a request waits, like 90m, 24h or 3d', '24h')
    .option('--none', 'no rules: nothing needs approval any more')
    .addOption(outputOption())
    .action(async (wish: Shown & { rule: string[]; expiry: string; none?: boolean }) => {
      if ((wish.rule.length === 0) !== (wish.none ?? false))
        throw new CliError(exitCodes.usage, 'Give rules, or --none.', 'claviger quorum policy set --help');
      const seconds = secondsOf(wish.expiry);
      const rules = Object.fromEntries(
        pairsOf(wish.rule, 'rule').map(([rule, words]) => [rule, termsOf(words, seconds)]),
      );
      await tellPolicy(wish.output, await connect().approvals.setPolicy(rules));
    });
}

/** The statement of a request, a member a line. */
function readable(statement: string): string {
  return JSON.stringify(JSON.parse(statement), null, 2).replaceAll(/[^\P{Cc}\n]/gu, '?');
}

function requestFacts(request: ApprovalRecord): string {
  const { closed } = request;
  const head = facts({
    id: request.id,
    status: request.status,
    requester: request.requester,
    operation: request.operation,
    requested: request.requestedAt,
    expires: request.expiresAt,
    digest: request.digest,
    approvals: request.progress.map((each) => `${each.rule} ${each.approvals} of ${each.needed}`).join(', '),
    ...(closed ? { closed: `${closed.at} by ${closed.by}`, reason: closed.reason } : {}),
  });
  const given = table(
    ['approver', 'at', 'key', 'counts'],
    request.approvals.map((each) => [
      each.approver,
      each.at,
      each.fingerprint?.slice(0, 16),
      each.fault === null ? 'yes' : `no: ${each.fault}`,
    ]),
  );
  return `${head}${request.approvals.length > 0 ? `\n${given}` : ''}\n${readable(request.statement)}\n`;
}

const tellRequest = (output: Shown['output'], request: ApprovalRecord): Promise<void> =>
  show(output, request, () => requestFacts(request));

const statuses = ['pending', 'denied', 'cancelled', 'spent', 'expired'] as const;

function addLooking(approvals: Command): void {
  approvals
    .command('list')
    .description('the requests for approval of the environment')
    .addOption(new Option('--status <status>', 'only those that are so').choices(statuses))
    .addOption(outputOption())
    .action(async ({ output, status }: Shown & { status?: ApprovalRecord['status'] }) => {
      const all = await connect().approvals.list(status);
      await show(output, all, () =>
        table(
          ['id', 'status', 'operation', 'requester', 'approvals', 'expires'],
          all.map((each) => [
            each.id,
            each.status,
            each.operation,
            each.requester,
            each.progress.map(({ approvals: given, needed }) => `${given}/${needed}`).join(' '),
            each.expiresAt,
          ]),
        ),
      );
    });
  approvals
    .command('show <request>')
    .description('one request: all that is asked, and who has approved it')
    .addOption(outputOption())
    .action(async (id: string, { output }: Shown) => tellRequest(output, await connect().approvals.get(id)));
}

const keyOption = () =>
  new Option('--key <file>', 'your private key, 0600; else approval.key of your configuration').env(
    'CLAVIGER_APPROVAL_KEY',
  );

function addDeciding(approvals: Command): void {
  approvals
    .command('enroll')
    .description(
      'make the key by which you approve, where there is none yet, and tell the server its public half',
    )
    .addOption(keyOption())
    .addOption(outputOption())
    .action(async ({ output, key = usualKeyFile() }: Shown & { key?: string }) => {
      const done = await connect().approvals.enroll(approvalKeyAt(key));
      await show(output, { ...done, file: key }, () =>
        facts({ principal: done.principal, key: done.fingerprint, enrolled: done.enrolledAt, file: key }),
      );
    });
  approvals
    .command('approve <request>')
    .description('sign a request by your key; what it says is shown')
    .addOption(keyOption())
    .addOption(outputOption())
    .action(async (id: string, { output, key = usualKeyFile() }: Shown & { key?: string }) => {
      const privateKey = readApprovalKey(key);
      const { approvals: client } = connect();
      await tellRequest(output, await client.approve(await client.get(id), privateKey));
    });
  approvals
    .command('deny <request>')
    .description('end a request: it can be asked anew, and begins without approvals')
    .option('--reason <words>', 'why, for the record')
    .addOption(outputOption())
    .action(async (id: string, { output, reason }: Shown & { reason?: string }) =>
      tellRequest(output, await connect().approvals.deny(id, reason ?? null)),
    );
  approvals
    .command('cancel <request>')
    .description('take back what you asked for')
    .addOption(outputOption())
    .action(async (id: string, { output }: Shown) =>
      tellRequest(output, await connect().approvals.cancel(id)),
    );
}
