import type { KeyReference } from '#operations';
import { AwsError, validation } from './aws-error.ts';

const arnForm = /^arn:aws(?:-[a-z]+)*:kms:([a-z0-9-]{1,32}):([0-9]{12}):(key|alias)\/(.{1,300})$/s;
const idForm = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i;
const prefixMissing =
  'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html';
const nameForm = /^[a-zA-Z0-9/_-]{1,250}$/;

function notFound(text: string): AwsError {
  return new AwsError('NotFoundException', `Invalid keyId ${text.slice(0, 300)}`);
}

function aliasRefused(): AwsError {
  return new AwsError('InvalidArnException', 'Key Aliases are not supported for this operation.');
}

function named(name: string, place: { accountId?: string; region?: string }): KeyReference {
  if (!nameForm.test(name)) throw notFound(`'alias/${name}'`);
  return { kind: 'name', name, ...place };
}

/** Where a request may name a key by an alias, and where not. */
export type Naming = 'any' | 'key-only';

/** What a KeyId stands for: key id, key ARN, alias name or alias ARN. */
export function keyReference(text: string, naming: Naming): KeyReference {
  if (idForm.test(text)) return { kind: 'id', id: text.toLowerCase() };
  if (text.startsWith('alias/')) {
    if (naming === 'any') return named(text.slice('alias/'.length), {});
    throw aliasRefused();
  }
  if (!text.startsWith('arn:')) throw notFound(`'${text}'`);
  const match = arnForm.exec(text);
  if (!match) throw new AwsError('InvalidArnException', `Invalid arn ${text.slice(0, 300)}`);
  const [, region = '', accountId = '', kind, rest = ''] = match;
  if (kind === 'alias') {
    if (naming === 'any') return named(rest, { accountId, region });
    throw aliasRefused();
  }
  if (!idForm.test(rest)) throw notFound(rest);
  return { kind: 'id', id: rest.toLowerCase(), accountId, region };
}

/** The core's name for an alias that is to be made, moved or deleted. */
export function aliasName(text: string): string {
  if (!text.startsWith('alias/')) throw validation(prefixMissing);
  const name = text.slice('alias/'.length);
  if (name.startsWith('aws/')) throw new AwsError('NotAuthorizedException', '');
  if (nameForm.test(name)) return name;
  throw validation(`${text} contains invalid characters for an alias`);
}

/** The key that an alias is to stand for: by its id or ARN. */
export function aliasTarget(text: string): KeyReference {
  if (/^alias\/|:alias\//.test(text)) throw validation('Aliases must refer to keys. Not aliases');
  return keyReference(text, 'key-only');
}
