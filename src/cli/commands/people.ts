import { Option, type Command } from 'commander';
import type { PrincipalRecord } from '#sdk';
import { connect } from '../connect.ts';
import { facts, outputOption, show, table, type Cell, type Shown } from '../output.ts';

/** `environment ...` and `principal ...`; returns the former. */
export function addPeopleCommands(program: Command): Command {
  const environments = addEnvironments(program);
  const principals = program.command('principal').description('make and manage those who may ask');
  addPrincipals(principals);
  addCredentials(principals);
  return environments;
}

function addEnvironments(program: Command): Command {
  const environments = program.command('environment').description('make and list environments');
  environments
    .command('list')
    .description('the environments that you can see')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const all = await connect().environments.list();
      await show(output, all, () =>
        table(
          ['name', 'account', 'created'],
          all.map((entry) => [entry.name, entry.accountId, entry.createdAt]),
        ),
      );
    });
  environments
    .command('create <name>')
    .description('make an environment and its first administrator; the credentials are shown once')
    .option('--account <digits>', 'the AWS account number by which it is known')
    .option('--administrator <name>', 'name of its first administrator', 'admin')
    .addOption(outputOption())
    .action(async (name: string, wish: Shown & { account?: string; administrator: string }) => {
      const client = connect();
      await client.environments.create(name, wish.account ? { accountId: wish.account } : {});
      const made = await client.environments.createAdministrator(name, wish.administrator);
      await showOnce(wish.output, made, {
        environment: name,
        account: made.accountId,
        administrator: made.principal.name,
        'access key id': made.accessKeyId,
        'secret access key': made.secretAccessKey,
        token: made.token,
      });
    });
  return environments;
}

/** Shows what is told only this once. */
async function showOnce(output: Shown['output'], made: object, rows: Record<string, Cell>): Promise<void> {
  await show(output, made, () => facts(rows));
  process.stderr.write('Keep the secrets now: they are not told again.\n');
}

const tell = (output: Shown['output'], principal: PrincipalRecord): Promise<void> =>
  show(output, principal, () =>
    facts({
      name: principal.name,
      kind: principal.kind,
      roles: principal.roles.join(' '),
      environment: principal.environment,
      disabled: principal.disabled,
      created: principal.createdAt,
    }),
  );

const roles = ['administrator', 'operator', 'user', 'auditor', 'exporter'];
const roleOption = () => new Option('--role <role...>', 'what it may do').choices(roles);

function addPrincipals(principals: Command): void {
  principals
    .command('list')
    .description('the principals of the environment')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const all = await connect().principals.list();
      await show(output, all, () =>
        table(
          ['name', 'kind', 'roles', 'disabled'],
          all.map((entry) => [entry.name, entry.kind, entry.roles.join(' '), entry.disabled]),
        ),
      );
    });
  principals
    .command('create <name>')
    .description('make a principal; it has no credential yet')
    .addOption(roleOption().default(['user']))
    .addOption(new Option('--kind <kind>').choices(['user', 'service', 'workload']).default('service'))
    .addOption(outputOption())
    .action(async (name: string, wish: Shown & { role: string[]; kind: string }) => {
      const { kind, role } = wish;
      await tell(wish.output, await connect().principals.create({ name, kind, roles: role }));
    });
  principals
    .command('roles <name>')
    .description('replace the roles of a principal')
    .addOption(roleOption().makeOptionMandatory())
    .addOption(outputOption())
    .action(async (name: string, wish: Shown & { role: string[] }) => {
      await tell(wish.output, await connect().principals.update(name, { roles: wish.role }));
    });
  for (const disabled of [true, false]) {
    principals
      .command(`${disabled ? 'disable' : 'enable'} <name>`)
      .description(disabled ? 'refuse everything that it asks' : 'let it ask again')
      .addOption(outputOption())
      .action(async (name: string, { output }: Shown) => {
        await tell(output, await connect().principals.update(name, { disabled }));
      });
  }
}

function addCredentials(principals: Command): void {
  principals
    .command('access-key <name>')
    .description('make an access key for AWS clients; its secret is shown once')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      const made = await connect().principals.createAccessKey(name);
      await showOnce(output, made, {
        'access key id': made.accessKeyId,
        'secret access key': made.secretAccessKey,
      });
    });
  principals
    .command('token <name>')
    .description('make a bearer token; it is shown once')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      const made = await connect().principals.createToken(name);
      await showOnce(output, made, { id: made.tokenId, token: made.token });
    });
  principals
    .command('credentials <name>')
    .description('the credentials of a principal, without their secrets')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      const all = await connect().principals.credentials(name);
      await show(output, all, () =>
        table(
          ['id', 'kind', 'created', 'expires'],
          all.map((entry) => [entry.id, entry.kind, entry.createdAt, entry.expiresAt]),
        ),
      );
    });
  principals
    .command('revoke <name> <credential>')
    .description('revoke a credential by its id; it stops on every node within a second')
    .action(async (name: string, credential: string) => {
      await connect().principals.revoke(name, credential);
      process.stderr.write(`The credential of ${name} is revoked.\n`);
    });
}
