import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ClavigerError } from '#domain';

/** Where a setting came from, for `config show --origin`. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';

export type Config = {
  /** Folder of everything that is not configured to be elsewhere; 0700. */
  readonly home: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Clients are asked for a certificate; those that have none are served, too. */
    readonly clientCertificates: boolean;
  } | null;
  readonly databaseUrl: string;
  readonly shredUrl: string;
  readonly root: string;
  readonly passphraseFile: string | null;
  /** File with the access key of an aws-kms: root. */
  readonly rootCredentialsFile: string | null;
  /** A pkcs11: URI; null: the root's token where the root is pkcs11:, else none. */
  readonly device: string | null;
  /** The tier of keys that are made without naming one. */
  readonly defaultTier: 'hsm' | 'software';
  /** Only approved algorithms, by a FIPS provider: refuses to start without. */
  readonly fips: boolean;
  /** Folder under which each node keeps its log. */
  readonly auditFolder: string;
  /** Name of this node; null: made at the first start and kept in the home. */
  readonly node: string | null;
  readonly workers: number;
  /** The region that protocols without regions speak of. */
  readonly region: string;
  readonly bootstrapFile: string | null;
  /** Whether this node watches the use of keys for what is unusual. */
  readonly anomaly: boolean;
  /** File with the destinations of notices; null: nobody outside is told. */
  readonly noticesFile: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly origins: Readonly<Record<string, Origin>>;
};

type Setting = {
  /** Name in the configuration file and of the flag (`--database-url`). */
  readonly name: string;
  readonly variable: string;
  readonly fallback: (home: string) => string | null;
  /** What a person should know of it. */
  readonly about: string;
};

/** Every setting: one table for flags, environment, file, defaults and documentation. */
export const settings: readonly Setting[] = Object.freeze([
  { name: 'home', variable: 'CLAVIGER_HOME', fallback: () => null, about: 'folder of the server' },
  {
    name: 'listen',
    variable: 'CLAVIGER_LISTEN',
    fallback: () => '127.0.0.1:8200',
    about: 'address and port',
  },
  {
    name: 'tlsCertFile',
    variable: 'CLAVIGER_TLS_CERT_FILE',
    fallback: () => null,
    about: 'certificate chain, PEM',
  },
  { name: 'tlsKeyFile', variable: 'CLAVIGER_TLS_KEY_FILE', fallback: () => null, about: 'private key, PEM' },
  {
    name: 'tlsClientCertificates',
    variable: 'CLAVIGER_TLS_CLIENT_CERTIFICATES',
    fallback: () => '1',
    about: '0: clients are not asked for a certificate, and none can log in by one',
  },
  {
    name: 'databaseUrl',
    variable: 'CLAVIGER_DATABASE_URL',
    fallback: (home: string) => `sqlite:${path.join(home, 'data', 'claviger.db')}`,
    about: 'store: sqlite:PATH or postgres://...',
  },
  {
    name: 'shredUrl',
    variable: 'CLAVIGER_SHRED_URL',
    fallback: (home: string) => `sqlite:${path.join(home, 'shred', 'shred.db')}`,
    about: 'store of the shred secrets; leave it out of data backups',
  },
  {
    name: 'root',
    variable: 'CLAVIGER_ROOT',
    fallback: (home: string) => `file:${path.join(home, 'root', 'root.key')}`,
    about:
      'root of trust: file:PATH, passphrase:, shamir:, pkcs11:token=T;object=O?module-path=...&pin-source=file:/path, or aws-kms:ARN?endpoint=URL',
  },
  {
    name: 'passphraseFile',
    variable: 'CLAVIGER_PASSPHRASE_FILE',
    fallback: () => null,
    about: 'file with the passphrase of a passphrase: root, 0600',
  },
  {
    name: 'rootCredentialsFile',
    variable: 'CLAVIGER_ROOT_CREDENTIALS_FILE',
    fallback: () => null,
    about: 'file with the access key of an aws-kms: root, 0600',
  },
  {
    name: 'device',
    variable: 'CLAVIGER_DEVICE',
    fallback: () => null,
    about:
      'HSM that holds keys of tier hsm: pkcs11:token=T?module-path=...&pin-source=...; else that of the root',
  },
  {
    name: 'defaultTier',
    variable: 'CLAVIGER_DEFAULT_TIER',
    fallback: () => 'software',
    about: 'hsm: new keys are made in the HSM unless another tier is asked for; software',
  },
  {
    name: 'fips',
    variable: 'CLAVIGER_FIPS',
    fallback: () => '0',
    about: '1: approved algorithms only, by a FIPS provider',
  },
  {
    name: 'auditFolder',
    variable: 'CLAVIGER_AUDIT_FOLDER',
    fallback: (home: string) => path.join(home, 'audit'),
    about: 'folder of the audit logs',
  },
  { name: 'node', variable: 'CLAVIGER_NODE', fallback: () => null, about: 'name of this node' },
  {
    name: 'workers',
    variable: 'CLAVIGER_WORKERS',
    fallback: () => '1',
    about: 'processes that share the port',
  },
  { name: 'region', variable: 'CLAVIGER_REGION', fallback: () => 'us-east-1', about: 'region of new keys' },
  {
    name: 'bootstrapFile',
    variable: 'CLAVIGER_BOOTSTRAP',
    fallback: () => null,
    about: 'seeds the first start',
  },
  {
    name: 'anomaly',
    variable: 'CLAVIGER_ANOMALY',
    fallback: () => '1',
    about: '0: the use of keys is not watched for what is unusual',
  },
  {
    name: 'noticesFile',
    variable: 'CLAVIGER_NOTICES',
    fallback: () => null,
    about: 'JSON file with those who are told of alerts and findings (webhook, syslog, mail), 0600',
  },
  {
    name: 'logLevel',
    variable: 'CLAVIGER_LOG_LEVEL',
    fallback: () => 'info',
    about: 'debug, info, warn, error, silent',
  },
]);

export type ConfigSources = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags by setting name. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** The home that `npm start` uses; else the data folder of the user. */
  readonly checkoutHome?: string | null;
};

function invalid(name: string, problem: string): ClavigerError {
  return new ClavigerError('configuration-invalid', `Setting ${name}: ${problem}.`, {
    details: { setting: name },
  });
}

function defaultHome({ env, checkoutHome }: ConfigSources): string {
  if (checkoutHome) return checkoutHome;
  const data = env['XDG_DATA_HOME'] ?? '';
  //= xdg basedir: a path that is not absolute is ignored
  if (path.isAbsolute(data)) return path.join(data, 'claviger');
  return path.join(env['HOME'] || os.homedir(), '.local', 'share', 'claviger');
}

function readFile(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new ClavigerError('configuration-invalid', `The configuration file ${file} can't be read.`, {
      cause,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the parser's own message would quote the file, which may hold a password
    throw new ClavigerError('configuration-invalid', `The configuration file ${file} is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ClavigerError('configuration-invalid', `The configuration file ${file} must hold one object.`);
  }
  const known = new Set(settings.map(({ name }) => name));
  const entries = Object.entries(value as Record<string, unknown>);
  for (const [name, entry] of entries) {
    if (!known.has(name)) throw invalid(name, `the configuration file ${file} knows no such setting`);
    if (name === 'home')
      throw invalid(name, 'is where the configuration file itself is; give a flag or CLAVIGER_HOME');
    if (typeof entry !== 'string' && typeof entry !== 'number')
      throw invalid(name, 'must be a string or a number');
  }
  return Object.fromEntries(entries.map(([name, entry]) => [name, String(entry)]));
}

function parseListen(text: string): Config['listen'] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (!host || port > 65_535) throw invalid('listen', 'must be HOST:PORT, e.g. 127.0.0.1:8200');
  return { host, port };
}

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) throw invalid('workers', 'must be 1 to 64');
  return workers;
}

function parseSwitch(name: string, text: string): boolean {
  if (text !== '0' && text !== '1') throw invalid(name, 'must be 0 or 1');
  return text === '1';
}

const logLevels: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];

type Chosen = {
  readonly values: Readonly<Record<string, string | null>>;
  readonly origins: Readonly<Record<string, Origin>>;
};

/** The value of each setting from the first source that has one. */
function choose({ env, flags = {} }: ConfigSources, home: string): Chosen {
  const file = readFile(path.join(home, 'claviger.json'));
  const origins: Record<string, Origin> = {};
  const values: Record<string, string | null> = {};
  for (const { name, variable, fallback } of settings) {
    const candidates: [Origin, string | null | undefined][] = [
      ['flag', flags[name]],
      ['environment', env[variable] === '' ? undefined : env[variable]],
      ['file', file[name]],
      ['default', fallback(home)],
    ];
    const [origin, value] = candidates.find(([, candidate]) => candidate !== undefined) ?? ['default', null];
    if (value === '') throw invalid(name, 'must not be empty');
    origins[name] = origin;
    values[name] = value ?? null;
  }
  return { values, origins };
}

function parseTier(text: string): Config['defaultTier'] {
  if (text === 'hsm' || text === 'software') return text;
  throw invalid('defaultTier', 'must be hsm or software');
}

/** Reads the configuration: flags before environment before file before defaults. Throws `configuration-invalid`. */
export function loadConfig(sources: ConfigSources): Config {
  const { env, flags = {} } = sources;
  if (flags['home'] === '') throw invalid('home', 'must not be empty');
  const home = path.resolve(flags['home'] ?? (env['CLAVIGER_HOME'] || defaultHome(sources)));
  const { values, origins } = choose(sources, home);
  const text = (name: string): string => values[name] ?? '';
  const level = text('logLevel');
  if (!logLevels.includes(level)) throw invalid('logLevel', `must be one of ${logLevels.join(', ')}`);
  if (!/^[a-z0-9-]{1,32}$/.test(text('region')))
    throw invalid('region', 'must be a region name like us-east-1');
  const node = values['node'] ?? null;
  if (node !== null && !/^[a-z0-9][a-z0-9-]{0,47}$/.test(node))
    throw invalid('node', 'must be 1 to 48 of a-z 0-9 -');
  const [certFile, keyFile] = [values['tlsCertFile'], values['tlsKeyFile']];
  if (Boolean(certFile) !== Boolean(keyFile)) throw invalid('tlsCertFile', 'certificate and key go together');
  const config: Config = {
    home,
    listen: parseListen(text('listen')),
    tls:
      certFile && keyFile
        ? {
            certFile,
            keyFile,
            clientCertificates: parseSwitch('tlsClientCertificates', text('tlsClientCertificates')),
          }
        : null,
    databaseUrl: text('databaseUrl'),
    shredUrl: text('shredUrl'),
    root: text('root'),
    passphraseFile: values['passphraseFile'] ?? null,
    rootCredentialsFile: values['rootCredentialsFile'] ?? null,
    device: values['device'] ?? null,
    defaultTier: parseTier(text('defaultTier')),
    fips: parseSwitch('fips', text('fips')),
    auditFolder: text('auditFolder'),
    node,
    workers: parseWorkers(text('workers')),
    region: text('region'),
    bootstrapFile: values['bootstrapFile'] ?? null,
    anomaly: parseSwitch('anomaly', text('anomaly')),
    noticesFile: values['noticesFile'] ?? null,
    logLevel: level as Config['logLevel'],
    origins,
  };
  requireSafeListener(config);
  return config;
}

const loopback = /^(127\.[0-9.]+|::1|localhost)$/;

/** A listener that other machines can reach needs TLS. */
function requireSafeListener({ listen, tls }: Config): void {
  if (tls || loopback.test(listen.host)) return;
  throw invalid(
    'listen',
    `${listen.host} can be reached from other machines: give tlsCertFile and tlsKeyFile, or listen on 127.0.0.1`,
  );
}
