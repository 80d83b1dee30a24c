import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { facts, show, table } from '../output.ts';

type Shown = { output?: string };
type Listed = { readonly name: string; readonly [member: string]: unknown };

const form = ['-o, --output <form>', 'table, json or jsonl'] as const;
const part = encodeURIComponent;

/** `environment ...` and `principal ...`. */
export function addPeopleCommands(program: Command): void {
  addEnvironments(program);
  addPrincipals(program);
}

function addEnvironments(program: Command): void {
  const environments = program.command('environment').description('make and list environments');
  environments
    .command('list')
    .description('the environments that you can see')
    .option(...form)
    .action(async ({ output }: Shown) => {
      const all = (await connect().call('GET', '/environments'))['environments'] as Listed[];
      show(output, all, () =>
        table(
          ['name', 'account'],
          all.map((entry) => [entry.name, String(entry['accountId'])]),
        ),
      );
    });
  environments
    .command('create <name>')
    .description('make an environment and its first administrator; the credentials are shown once')
    .option('--account <digits>', 'the AWS account number by which it is known')
    .option('--administrator <name>', 'name of its first administrator', 'admin')
    .option(...form)
    .action(async (name: string, wish: Shown & { account?: string; administrator: string }) => {
      const client = connect();
      await client.call('POST', '/environments', {
        name,
        ...(wish.account ? { accountId: wish.account } : {}),
      });
      const made = await client.call('POST', `/environments/${part(name)}/administrator`, {
        name: wish.administrator,
      });
      show(wish.output, made, () => facts({ environment: name, ...made }));
    });
}

function addPrincipals(program: Command): void {
  const principals = program.command('principal').description('make and manage those who may ask');
  principals
    .command('list')
    .description('the principals of the environment')
    .option(...form)
    .action(async ({ output }: Shown) => {
      const all = (await connect().call('GET', '/principals'))['principals'] as Listed[];
      show(output, all, () =>
        table(
          ['name', 'kind', 'roles', 'disabled'],
          all.map((entry) => [
            entry.name,
            String(entry['kind']),
            (entry['roles'] as string[]).join(' '),
            Boolean(entry['disabled']),
          ]),
        ),
      );
    });
  principals
    .command('create <name>')
    .description('make a principal')
    .option('--role <role...>', 'administrator, operator, user or auditor', ['user'])
    .option('--kind <kind>', 'user, service or workload', 'service')
    .option(...form)
    .action(async (name: string, wish: Shown & { role: string[]; kind: string }) => {
      const made = await connect().call('POST', '/principals', { name, kind: wish.kind, roles: wish.role });
      show(wish.output, made, () => facts(made));
    });
  for (const [command, path, about] of [
    ['access-key', 'access-keys', 'make an access key for AWS clients; its secret is shown once'],
    ['token', 'tokens', 'make a bearer token; it is shown once'],
  ] as const) {
    principals
      .command(`${command} <name>`)
      .description(about)
      .option(...form)
      .action(async (name: string, { output }: Shown) => {
        const made = await connect().call('POST', `/principals/${part(name)}/${path}`);
        show(output, made, () => facts(made));
      });
  }
  for (const disabled of [true, false]) {
    principals
      .command(`${disabled ? 'disable' : 'enable'} <name>`)
      .description(disabled ? 'refuse everything that it asks' : 'let it ask again')
      .option(...form)
      .action(async (name: string, { output }: Shown) => {
        const made = await connect().call('PUT', `/principals/${part(name)}`, { disabled });
        show(output, made, () => facts(made));
      });
  }
}
