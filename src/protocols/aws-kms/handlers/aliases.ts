import type { KeyName } from '#domain';
import { operations } from '#operations';
import { keyOnly, type Handler, type Request } from '../handler.ts';
import { aliasName } from '../identifiers.ts';
import { pageEnd, pageFrom } from '../marker.ts';
import { seconds } from '../metadata.ts';

function nameAndKey(request: Request) {
  return { name: aliasName(request.input.text('AliasName') ?? ''), key: keyOnly(request, 'TargetKeyId') };
}

const createAlias: Handler = async (request) => {
  await request.run(operations.createName, nameAndKey(request));
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
    AliasArn: `arn:aws:kms:${name.region}:${request.accountId}:alias/${name.name}`,
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
