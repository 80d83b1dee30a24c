import {
  currentVersion,
  importedOf,
  nextRotation,
  type ImportedMaterial,
  type Key,
  type KeyVersion,
  type PendingMaterial,
} from '#domain';
import { operations } from '#operations';
import { anyKey, arnOf, type Handler } from '../handler.ts';
import { pageEnd, pageFrom } from '../marker.ts';
import { expiryMembers, seconds } from '../metadata.ts';

const usualPeriodDays = 365;
// of one key, for its whole life
const onDemandMax = 25;
// clients of AWS can't follow a public key that changes
const onlySymmetricEncryption = true;

const enableKeyRotation: Handler = async (request) => {
  const periodDays = request.input.number('RotationPeriodInDays') ?? usualPeriodDays;
  await request.run(operations.enableRotation, { key: anyKey(request), periodDays, onlySymmetricEncryption });
  return null;
};

const disableKeyRotation: Handler = async (request) => {
  // a key that never rotates is no error: it does not rotate now
  await request.run(operations.disableRotation, { key: anyKey(request) });
  return null;
};

const getKeyRotationStatus: Handler = async (request) => {
  const key = await request.run(operations.getRotationStatus, { key: anyKey(request) });
  // a key that is pending deletion does not rotate; when the deletion is cancelled, it does as before
  const rotation = key.destruction ? null : key.rotation;
  return {
    KeyId: key.id,
    KeyRotationEnabled: rotation !== null,
    ...(rotation
      ? {
          RotationPeriodInDays: rotation.periodDays,
          NextRotationDate: seconds(nextRotation(key) ?? rotation.nextAt),
        }
      : {}),
  };
};

const rotateKeyOnDemand: Handler = async (request) => {
  const key = await request.run(operations.rotateKey, {
    key: anyKey(request),
    onlySymmetricEncryption,
    onDemandMax,
  });
  return { KeyId: arnOf(request, key) };
};

/** What is told of imported material, in an entry of the list. */
function importMembers(material: ImportedMaterial): object {
  const { isPresent, description } = material;
  return {
    ...(description === undefined ? {} : { KeyMaterialDescription: description }),
    ImportState: isPresent ? 'IMPORTED' : 'PENDING_IMPORT',
    ...expiryMembers(material),
  };
}

function rotationEntry(key: Key, version: KeyVersion): object {
  const isFirst = version.rotation === 'first';
  return {
    KeyId: key.id,
    KeyMaterialId: version.materialId,
    KeyMaterialState: version.number === currentVersion(key).number ? 'CURRENT' : 'NON_CURRENT',
    ...(key.imported ? importMembers(importedOf(key, version)) : {}),
    ...(isFirst
      ? {}
      : {
          RotationDate: seconds(version.activatedAt ?? version.createdAt),
          RotationType: version.rotation === 'automatic' ? 'AUTOMATIC' : 'ON_DEMAND',
        }),
  };
}

function pendingEntry(key: Key, pending: PendingMaterial): object {
  return {
    KeyId: key.id,
    KeyMaterialId: pending.materialId,
    KeyMaterialState: 'PENDING_ROTATION',
    ...importMembers({ ...pending, isPresent: true }),
  };
}

const listKeyRotations: Handler = async (request) => {
  const { key, versions, pending, next } = await request.run(operations.listRotations, {
    key: anyKey(request),
    page: pageFrom(request.input),
    withFirst: request.input.text('IncludeKeyMaterial') === 'ALL_KEY_MATERIAL',
    onlySymmetricEncryption,
  });
  // a key that never had material has nothing to tell of
  const entries = versions.filter(({ materialId }) => materialId !== '');
  const waiting = pending ? [pendingEntry(key, pending)] : [];
  return {
    Rotations: [...entries.map((version) => rotationEntry(key, version)), ...waiting],
    ...pageEnd(next),
  };
};

export const rotationHandlers: Readonly<Record<string, Handler>> = {
  EnableKeyRotation: enableKeyRotation,
  DisableKeyRotation: disableKeyRotation,
  GetKeyRotationStatus: getKeyRotationStatus,
  RotateKeyOnDemand: rotateKeyOnDemand,
  ListKeyRotations: listKeyRotations,
};
