import { hasCode, type KeyName } from '#domain';
import { operations } from '#operations';
import { AwsError } from '../aws-error.ts';
import { keyOnly, type Handler, type Request } from '../handler.ts';
import { aliasName, aliasTarget } from '../identifiers.ts';
import { pageEnd, pageFrom } from '../marker.ts';
import { seconds } from '../metadata.ts';

function nameAndKey({ input }: Request) {
  return {
    name: aliasName(input.text('AliasName') ?? ''),
    key: aliasTarget(input.text('TargetKeyId') ?? ''),
  };
}

function aliasArn({ accountId, region }: Pick<Request, 'accountId' | 'region'>, name: string): string {
  return `arn:aws:kms:${region}:${accountId}:alias/${name}`;
}

const createAlias: Handler = async (request) => {
  const wish = nameAndKey(request);
  try {
    await request.run(operations.createName, wish);
  } catch (error) {
    if (!hasCode(error, 'name-taken')) throw error;
    const arn = aliasArn(request, wish.name);
    throw new AwsError('AlreadyExistsException', `An alias with the name ${arn} already exists`);
  }
  return null;
};

const updateAlias: Handler = async (request) => {
  await request.run(operations.moveName, nameAndKey(request));
  return null;
};

const deleteAlias: Handler = async (request) => {
  await request.run(operations.deleteName, { name: aliasName(request.input.text('AliasName') ?? '') });
  return null;
};

function aliasEntry(request: Request, name: KeyName): object {
  return {
    AliasName: `alias/${name.name}`,
    AliasArn: aliasArn({ ...name, accountId: request.accountId }, name.name),
    TargetKeyId: name.keyId,
    CreationDate: seconds(name.createdAt),
    LastUpdatedDate: seconds(name.updatedAt),
  };
}

const listAliases: Handler = async (request) => {
  const key = request.input.has('KeyId') ? keyOnly(request) : null;
  const { names, next } = await request.run(operations.listNames, { key, page: pageFrom(request.input, 50) });
  return { Aliases: names.map((name) => aliasEntry(request, name)), ...pageEnd(next) };
};

export const aliasHandlers: Readonly<Record<string, Handler>> = {
  CreateAlias: createAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
};
