import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ClavigerError, StopError } from '#domain';
import { isLoopback, type Topic, topics } from './destination.ts';

const topic = z.enum([...topics, 'all']);
const file = z.string().min(1).max(4096);

const common = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z 0-9 -'),
  what: z.union([topic, z.array(topic).min(1).max(4)]),
  /** Certificates of the only authorities that are trusted, PEM. */
  caFile: file.optional(),
};

const webhookShape = z.strictObject({
  ...common,
  kind: z.literal('webhook'),
  url: z.string().max(2048),
  /** With a secret that the receiver knows, requests are signed. */
  secretFile: file.optional(),
  format: z.enum(['cloudevents', 'ocsf']).default('cloudevents'),
});

const host = z.string().regex(/^[a-zA-Z0-9.:_-]{1,253}$/, 'must be the name or address of a host');
const port = z.int().min(1).max(65_535);

const syslogShape = z.strictObject({
  ...common,
  kind: z.literal('syslog'),
  host,
  port,
  transport: z.enum(['udp', 'tcp', 'tls']),
  facility: z.int().min(0).max(23).default(13),
  enterprise: z.int().min(0).max(4_294_967_295).default(32_473),
  format: z.enum(['json', 'ocsf']).default('json'),
});

const mailAddress = z
  .string()
  .regex(/^[^\s<>@,;:"()\\]{1,64}@[a-zA-Z0-9.-]{1,253}$/, 'must be the address of a mailbox');

const smtpShape = z.strictObject({
  ...common,
  kind: z.literal('smtp'),
  host,
  port: port.default(587),
  /** STARTTLS (RFC 3207), or TLS from the first byte (RFC 8314). */
  security: z.enum(['starttls', 'tls']).default('starttls'),
  from: mailAddress,
  to: z.union([mailAddress, z.array(mailAddress).min(1).max(50)]),
  user: z.string().min(1).max(256).optional(),
  passwordFile: file.optional(),
});

const shape = z
  .array(z.discriminatedUnion('kind', [webhookShape, syslogShape, smtpShape]))
  .min(1)
  .max(16);

type Read = z.output<typeof shape>[number];
type Told = { readonly topics: ReadonlySet<Topic> };
/** A destination as the file says it, with what it takes. */
export type WantedDestination = Read & Told;
export type WantedWebhook = z.output<typeof webhookShape> & Told;
export type WantedSyslog = z.output<typeof syslogShape> & Told;
export type WantedSmtp = z.output<typeof smtpShape> & Told;

function invalid(where: string, problem: string): ClavigerError {
  return new ClavigerError('configuration-invalid', `The destinations of notices in ${where}: ${problem}.`, {
    details: { setting: 'noticesFile' },
  });
}

function topicsOf({ kind, what }: Read): ReadonlySet<Topic> {
  const wanted = new Set(typeof what === 'string' ? [what] : what);
  const all = kind === 'smtp' ? topics.filter((name) => name !== 'audit') : topics;
  return new Set(wanted.has('all') ? all : topics.filter((name) => wanted.has(name)));
}

/** What is wrong with where a destination is; null: nothing. */
function faultOf(one: Read): string | null {
  if (one.kind === 'smtp') {
    if (topicsOf(one).has('audit')) return 'mail takes alerts and findings, not the audit log';
    return (one.user === undefined) === (one.passwordFile === undefined)
      ? null
      : 'user and passwordFile go together';
  }
  if (one.kind === 'syslog') return null;
  if (!URL.canParse(one.url)) return 'url must be a URL';
  const { protocol, hostname, username, password, hash } = new URL(one.url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    return 'url must be https:, or http: on this machine';
  return username === '' && password === '' && hash === ''
    ? null
    : 'url must hold no password and no fragment';
}

/** The bytes of a file of secrets, which only its owner may read. */
export async function readSecretFile(name: string): Promise<Buffer> {
  try {
    const { mode } = await stat(name);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new StopError(
        'configuration-invalid',
        `Others can read ${name}, which holds a secret: run chmod 600 on it.`,
      );
    return await readFile(name);
  } catch (cause) {
    if (cause instanceof StopError) throw cause;
    throw new ClavigerError('configuration-invalid', `The file ${name} can't be read.`, { cause });
  }
}

/** Reads the text of a file of destinations. Throws `configuration-invalid`, which names the member and never repeats a value. */
export function parseDestinations(text: string, where: string): readonly WantedDestination[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the parser's own message would quote the file
    throw invalid(where, 'it is not JSON');
  }
  const read = shape.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalid(where, `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'invalid'}`);
  }
  const names = new Set<string>();
  return read.data.map((one) => {
    const fault = names.has(one.name) ? 'its name stands twice' : faultOf(one);
    if (fault !== null) throw invalid(where, `${one.name}: ${fault}`);
    names.add(one.name);
    return { ...one, topics: topicsOf(one) };
  });
}

/** Reads a file of destinations; paths in it are relative to where it is. */
export async function readDestinations(name: string): Promise<readonly WantedDestination[]> {
  const text = (await readSecretFile(name)).toString('utf8');
  const beside = (other: string) => path.resolve(path.dirname(name), other);
  return parseDestinations(text, name).map((one) => ({
    ...one,
    ...(one.caFile === undefined ? {} : { caFile: beside(one.caFile) }),
    ...('secretFile' in one && one.secretFile !== undefined ? { secretFile: beside(one.secretFile) } : {}),
    ...('passwordFile' in one && one.passwordFile !== undefined
      ? { passwordFile: beside(one.passwordFile) }
      : {}),
  }));
}
