import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { ClavigerError, roles } from '#domain';

const principal = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9+=,.@_-]{0,63}$/),
  admin: z.boolean().default(false),
  roles: z.array(z.enum(roles)).optional(),
  accessKeyId: z
    .string()
    .regex(/^[A-Za-z0-9_]{4,128}$/)
    .optional(),
  secretAccessKey: z
    .string()
    .regex(/^[\x21-\x7e]{8,256}$/)
    .optional(),
  token: z
    .string()
    .regex(/^[\x21-\x7e]{8,512}$/)
    .optional(),
});

const bootstrap = z.strictObject({
  environments: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
        awsAccountId: z
          .string()
          .regex(/^[0-9]{12}$/)
          .optional(),
        principals: z.array(principal).default([]),
      }),
    )
    .min(1)
    .max(1000),
});

type Seed = z.output<typeof bootstrap>;

/** What stands twice and must not, as a path into the file; null where nothing does. */
function repeated({ environments }: Seed): string | null {
  const seen = new Set<string>();
  const isNew = (kind: string, value: string | undefined) => {
    const before = seen.size;
    return value === undefined || seen.add(`${kind} ${value}`).size > before;
  };
  for (const [at, { name, awsAccountId, principals }] of environments.entries()) {
    if (!isNew('environment', name)) return `environments.${at}.name`;
    if (!isNew('account', awsAccountId)) return `environments.${at}.awsAccountId`;
    for (const [index, person] of principals.entries()) {
      const where = `environments.${at}.principals.${index}`;
      if (!isNew(`principal of ${name}`, person.name)) return `${where}.name`;
      if (!isNew('access key', person.accessKeyId)) return `${where}.accessKeyId`;
      if (!isNew('token', person.token)) return `${where}.token`;
    }
  }
  return null;
}

/** What a first start makes: environments, principals and, where they are fixed, their credentials. */
export type Bootstrap = {
  readonly environments: readonly {
    readonly name: string;
    readonly awsAccountId?: string | undefined;
    readonly principals: readonly (Omit<z.input<typeof principal>, 'admin'> & { readonly admin: boolean })[];
  }[];
};

/** Reads the seeding file; it holds secrets, so it must be 0600. Throws `configuration-invalid`. */
export async function readBootstrap(file: string): Promise<Bootstrap> {
  let text: string;
  try {
    const facts = await stat(file);
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
      throw new ClavigerError(
        'configuration-invalid',
        `Others can read the bootstrap file ${file}, which holds secrets: run chmod 600 on it.`,
      );
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof ClavigerError) throw cause;
    throw new ClavigerError('configuration-invalid', `The bootstrap file ${file} can't be read.`, { cause });
  }
  return parseBootstrap(text, file);
}

function parseBootstrap(text: string, file: string): Bootstrap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the parser's own message would quote the file
    throw new ClavigerError('configuration-invalid', `The bootstrap file ${file} is not JSON.`);
  }
  const parsed = bootstrap.safeParse(value);
  if (parsed.success) {
    const twice = repeated(parsed.data);
    if (twice === null) return parsed.data;
    throw new ClavigerError('configuration-invalid', `The bootstrap file ${file}: ${twice} is there twice.`);
  }
  const issue = parsed.error.issues[0];
  throw new ClavigerError(
    'configuration-invalid',
    `The bootstrap file ${file}: ${issue?.path.join('.') ?? ''} ${issue?.code ?? 'is invalid'}.`,
  );
}
