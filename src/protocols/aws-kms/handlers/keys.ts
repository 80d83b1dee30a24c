import { operations } from '#operations';
import { hasCode, type Tag } from '#domain';
import { AwsError, unsupported, validation } from '../aws-error.ts';
import { anyKey, arnOf, keyOnly, requireServed, type Handler, type Request } from '../handler.ts';
import { pageEnd, pageFrom } from '../marker.ts';
import { keyMetadata, keyState, seconds } from '../metadata.ts';
import { specOf, usageFor } from '../specs.ts';
import type { Input } from '../validate.ts';

const tagsMax = 50;

function tagsOf(input: Input): Tag[] {
  const given = input.list('Tags') as readonly { TagKey: string; TagValue: string }[];
  if (given.length > tagsMax) throw new AwsError('TagException', 'Too many tags');
  return given.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue }));
}

function requireOurOrigin({ input }: Request): void {
  const origin = input.text('Origin') ?? 'AWS_KMS';
  if (origin !== 'AWS_KMS' && origin !== 'EXTERNAL' && origin !== 'AWS_CLOUDHSM')
    throw unsupported(`Origin ${origin} is not supported here.`);
  if (input.has('XksKeyId')) throw unsupported('External key stores are not supported here.');
  if (input.has('CustomKeyStoreId') !== (origin === 'AWS_CLOUDHSM'))
    throw validation('CustomKeyStoreId and the Origin AWS_CLOUDHSM go together.');
  if (input.flag('MultiRegion')) throw unsupported('Multi-Region keys are not supported here.');
}

const createKey: Handler = async (request) => {
  const { input } = request;
  requireOurOrigin(request);
  const [spec, legacy] = [input.text('KeySpec'), input.text('CustomerMasterKeySpec')];
  if (spec !== null && legacy !== null) {
    throw validation('You cannot specify KeySpec and CustomerMasterKeySpec in the same request.');
  }
  const name = spec ?? legacy ?? 'SYMMETRIC_DEFAULT';
  const store = input.text('CustomKeyStoreId');
  const made = request.run(operations.createKey, {
    spec: specOf(name),
    usage: usageFor(name, input.text('KeyUsage')),
    description: input.text('Description') ?? '',
    tags: tagsOf(input),
    owner: null,
    policy: input.text('Policy'),
    bypassLockoutCheck: input.flag('BypassPolicyLockoutSafetyCheck'),
    name: null,
    dataClassification: null,
    origin: input.text('Origin') === 'EXTERNAL' ? 'imported' : 'generated',
    ...(store === null ? {} : ({ tier: 'hsm', device: store } as const)),
  });
  const key = await made.catch((error: unknown) => {
    if (store !== null && hasCode(error, 'operation-unsupported')) throw unsupported(error.message);
    if (!hasCode(error, 'input-invalid') || error.details['field'] !== 'device') throw error;
    throw new AwsError('CustomKeyStoreNotFoundException', error.message);
  });
  return { KeyMetadata: keyMetadata(key, request.accountId) };
};

const describeKey: Handler = async (request) => {
  requireServed(request);
  const key = await request.run(operations.describeKey, { key: anyKey(request) });
  return { KeyMetadata: keyMetadata(key, request.accountId) };
};

const listKeys: Handler = async (request) => {
  const { keys, next } = await request.run(operations.listKeys, { page: pageFrom(request.input) });
  const owners = request.input.list('ResourceOwners');
  // nothing is shared between accounts here
  if (owners.length > 0 && !owners.includes('SELF')) return { Keys: [], Truncated: false };
  const entries = keys.map((key) => ({ KeyId: key.id, KeyArn: arnOf(request, key) }));
  return { Keys: entries, ...pageEnd(next) };
};

const enableKey: Handler = async (request) => {
  await request.run(operations.enableKey, { key: keyOnly(request) });
  return null;
};

const disableKey: Handler = async (request) => {
  await request.run(operations.disableKey, { key: keyOnly(request) });
  return null;
};

const scheduleKeyDeletion: Handler = async (request) => {
  const waitingDays = request.input.number('PendingWindowInDays') ?? 30;
  if (waitingDays < 7 || waitingDays > 30) {
    throw validation('PendingWindowInDays must be between 7 and 30 days, inclusive.');
  }
  const key = await request.run(operations.scheduleDestruction, { key: keyOnly(request), waitingDays });
  return {
    KeyId: arnOf(request, key),
    DeletionDate: seconds(key.destruction?.dueAt ?? 0),
    KeyState: keyState(key),
    PendingWindowInDays: waitingDays,
  };
};

const cancelKeyDeletion: Handler = async (request) => {
  const key = await request.run(operations.cancelDestruction, { key: keyOnly(request) });
  return { KeyId: arnOf(request, key) };
};

const updateKeyDescription: Handler = async (request) => {
  const description = request.input.text('Description') ?? '';
  await request.run(operations.updateDescription, { key: keyOnly(request), description });
  return null;
};

const tagResource: Handler = async (request) => {
  await request.run(operations.tagKey, { key: keyOnly(request), tags: tagsOf(request.input) });
  return null;
};

const untagResource: Handler = async (request) => {
  const tagKeys = request.input.list('TagKeys') as string[];
  await request.run(operations.untagKey, { key: keyOnly(request), tagKeys });
  return null;
};

const listResourceTags: Handler = async (request) => {
  const page = pageFrom(request.input, 50);
  const { tags, next } = await request.run(operations.listTags, { key: keyOnly(request), page });
  return { Tags: tags.map(({ key, value }) => ({ TagKey: key, TagValue: value })), ...pageEnd(next) };
};

/** A key has one policy, by this name. */
function namesDefaultPolicy({ input }: Request): boolean {
  return (input.text('PolicyName') ?? 'default') === 'default';
}

const getKeyPolicy: Handler = async (request) => {
  if (!namesDefaultPolicy(request)) throw new AwsError('NotFoundException', 'No such policy exists');
  const { policy } = await request.run(operations.getPolicy, { key: keyOnly(request) });
  return { Policy: policy, PolicyName: 'default' };
};

const putKeyPolicy: Handler = async (request) => {
  if (!namesDefaultPolicy(request)) throw unsupported('Only default policy is supported');
  await request.run(operations.putPolicy, {
    key: keyOnly(request),
    policy: request.input.text('Policy') ?? '',
    bypassLockoutCheck: request.input.flag('BypassPolicyLockoutSafetyCheck'),
  });
  return null;
};

const listKeyPolicies: Handler = async (request) => {
  await request.run(operations.listPolicies, { key: keyOnly(request) });
  return { PolicyNames: ['default'], Truncated: false };
};

/** Operations of the core in the names that AWS gives them. */
const trackedNames: Readonly<Record<string, string>> = {
  'keys.encrypt': 'Encrypt',
  'keys.decrypt': 'Decrypt',
  'keys.reencrypt': 'ReEncrypt',
  'keys.generate-data-key': 'GenerateDataKey',
  'keys.generate-data-key-without-plaintext': 'GenerateDataKeyWithoutPlaintext',
  'keys.generate-data-key-pair': 'GenerateDataKeyPair',
  'keys.generate-data-key-pair-without-plaintext': 'GenerateDataKeyPairWithoutPlaintext',
  'keys.generate-mac': 'GenerateMac',
  'keys.verify-mac': 'VerifyMac',
  'keys.sign': 'Sign',
  'keys.verify': 'Verify',
  'keys.derive-shared-secret': 'DeriveSharedSecret',
};

const getKeyLastUsage: Handler = async (request) => {
  const { key, lastUse, trackingSince } = await request.run(operations.lastUse, { key: keyOnly(request) });
  return {
    KeyId: key.id,
    ...(lastUse
      ? {
          KeyLastUsage: {
            Operation: trackedNames[lastUse.operation] ?? lastUse.operation,
            Timestamp: seconds(lastUse.at),
            CloudTrailEventId: lastUse.requestId,
            KmsRequestId: lastUse.requestId,
          },
        }
      : {}),
    TrackingStartDate: seconds(trackingSince),
    KeyCreationDate: seconds(key.createdAt),
  };
};

export const keyHandlers: Readonly<Record<string, Handler>> = {
  CreateKey: createKey,
  DescribeKey: describeKey,
  ListKeys: listKeys,
  EnableKey: enableKey,
  DisableKey: disableKey,
  ScheduleKeyDeletion: scheduleKeyDeletion,
  CancelKeyDeletion: cancelKeyDeletion,
  UpdateKeyDescription: updateKeyDescription,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListResourceTags: listResourceTags,
  GetKeyPolicy: getKeyPolicy,
  PutKeyPolicy: putKeyPolicy,
  ListKeyPolicies: listKeyPolicies,
  GetKeyLastUsage: getKeyLastUsage,
};
