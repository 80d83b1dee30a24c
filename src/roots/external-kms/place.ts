import { isIP } from 'node:net';
import { ClavigerError } from '#domain';

/** Which key of which service wraps, and where the credentials for it are. */
export type KmsPlace = {
  /** The ARN of the key itself; not of an alias, which can be moved to another key. */
  readonly arn: string;
  readonly region: string;
  readonly endpoint: URL;
  /** File with the access key, 0600; null: another place must name one. */
  readonly credentialsFile: string | null;
};

const arnForm = /^arn:(aws[a-z-]*):kms:([a-z0-9-]{1,32}):[0-9]{12}:key\/[A-Za-z0-9-]{1,64}$/;

function invalid(problem: string): ClavigerError {
  return new ClavigerError(
    'configuration-invalid',
    `The root of trust aws-kms: ${problem}; the form is aws-kms:ARN?endpoint=https://HOST&credentials-file=PATH.`,
  );
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function readEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw invalid('the endpoint is not a URL');
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (!isBare || url.password !== '') throw invalid('the endpoint has more than a scheme, a host and a port');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw invalid('the endpoint must be https: only this machine itself is asked over http');
}

/** Reads what stands after `aws-kms:`. Throws `configuration-invalid`. */
export function parseKmsPlace(text: string): KmsPlace {
  const mark = text.indexOf('?');
  const arn = mark < 0 ? text : text.slice(0, mark);
  const match = arnForm.exec(arn);
  if (!match) throw invalid('the key must be named by its ARN, and not by an alias');
  const [, partition = '', region = ''] = match;
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1));
  for (const name of query.keys()) {
    if (name !== 'endpoint' && name !== 'credentials-file') throw invalid(`there is no ${name.slice(0, 40)}`);
    if (query.getAll(name).length > 1) throw invalid(`${name} stands there twice`);
  }
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint = readEndpoint(query.get('endpoint') ?? `https://kms.${region}.${domain}`);
  const credentialsFile = query.get('credentials-file');
  if (credentialsFile === '') throw invalid('credentials-file is empty');
  return { arn, region, endpoint, credentialsFile };
}
