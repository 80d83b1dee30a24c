import assert from 'node:assert/strict';
import { logFolders, readEvents } from '#audit';
import type { Answer, Asker } from './node.ts';

/** A key as its owner must find it. */
export type KeyState = {
  readonly status: 'Enabled' | 'Disabled' | 'PendingDeletion';
  readonly version: number;
  readonly description: string;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** A mark in its policy. */
  readonly policy: string;
};

type Step = {
  readonly ask: (asker: Asker, id: string, mark: string) => Promise<Answer>;
  readonly gives: (state: KeyState, mark: string) => KeyState;
};

const policyOf = (account: string, mark: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Id: mark,
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  });

const withAlias = (state: KeyState, mark: string): KeyState => ({
  ...state,
  aliases: [...state.aliases, `alias/${mark}`].sort(),
});

/** What the owner of a key does with it, one after the other, half of it in each protocol. */
function stepsFor(account: string): readonly Step[] {
  return [
    {
      ask: (asker, KeyId, mark) =>
        asker.aws('TagResource', { KeyId, Tags: [{ TagKey: 'mark', TagValue: mark }] }),
      gives: (state, mark) => ({ ...state, tags: { ...state.tags, mark } }),
    },
    {
      ask: (asker, id) => asker.native('POST', `/keys/${id}/rotate`),
      gives: (state) => ({ ...state, version: state.version + 1 }),
    },
    {
      ask: (asker, TargetKeyId, mark) =>
        asker.aws('CreateAlias', { AliasName: `alias/${mark}`, TargetKeyId }),
      gives: withAlias,
    },
    {
      ask: (asker, id) => asker.native('POST', `/keys/${id}/disable`),
      gives: (state) => ({ ...state, status: 'Disabled' }),
    },
    {
      ask: (asker, KeyId, mark) => asker.aws('PutKeyPolicy', { KeyId, Policy: policyOf(account, mark) }),
      gives: (state, mark) => ({ ...state, policy: mark }),
    },
    {
      ask: (asker, KeyId) => asker.aws('EnableKey', { KeyId }),
      gives: (state) => ({ ...state, status: 'Enabled' }),
    },
    {
      ask: (asker, KeyId) => asker.aws('RotateKeyOnDemand', { KeyId }),
      gives: (state) => ({ ...state, version: state.version + 1 }),
    },
    {
      ask: (asker, key, mark) => asker.native('POST', '/names', { key, name: mark }),
      gives: withAlias,
    },
    {
      ask: (asker, id) => asker.native('POST', `/keys/${id}/schedule-destroy`, { waitingDays: 9 }),
      gives: (state) => ({ ...state, status: 'PendingDeletion' }),
    },
    {
      ask: (asker, KeyId) => asker.aws('CancelKeyDeletion', { KeyId }),
      gives: (state) => ({ ...state, status: 'Disabled' }),
    },
    {
      ask: (asker, id, mark) => asker.native('PUT', `/keys/${id}/description`, { description: mark }),
      gives: (state, mark) => ({ ...state, description: mark }),
    },
    {
      ask: (asker, id) => asker.native('POST', `/keys/${id}/enable`),
      gives: (state) => ({ ...state, status: 'Enabled' }),
    },
  ];
}

/** A key that its owner was told of, and all that he was told since. */
export type Owned = {
  readonly id: string;
  state: KeyState;
  /** What it is if the last request, which was not answered, was done. */
  perhaps: KeyState | null;
  readonly ciphertexts: { readonly blob: string; readonly plaintext: string }[];
};

/** Everything that was answered, over all rounds. */
export type Told = { readonly keys: Owned[]; readonly requestIds: Set<string>; refusals: Answer[] };

export const nothingTold = (): Told => ({ keys: [], requestIds: new Set(), refusals: [] });

const gone = Symbol('no answer');

/**
 * Owns keys and works with them until the server is gone or `isOver`; notes what was answered. An answer of 500 or more is
 * noted as a refusal, after which the present key is left alone: whether its last change was made is not known.
 */
export async function work(asker: Asker, told: Told, lane: string, isOver: () => boolean): Promise<void> {
  const noted = async (asking: Promise<Answer>): Promise<Answer | typeof gone> => {
    let answer: Answer;
    try {
      answer = await asking;
    } catch {
      return gone;
    }
    if (answer.status >= 500) {
      told.refusals.push(answer);
      return gone;
    }
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    told.requestIds.add(answer.requestId);
    return answer;
  };
  for (let turn = 0; !isOver(); turn += 1) {
    const made = await noted(asker.aws('CreateKey', { Description: `${lane}-${turn}` }));
    if (made === gone) {
      // a server that only refuses is asked again, not too fast; one that is gone ends the work by `isOver`
      await new Promise((next) => setTimeout(next, 3));
      continue;
    }
    const { KeyId: id, AWSAccountId: account } = made.body['KeyMetadata'] as Record<string, string>;
    assert.ok(id !== undefined && account !== undefined);
    const owned: Owned = { id, state: newState(`${lane}-${turn}`), perhaps: null, ciphertexts: [] };
    told.keys.push(owned);
    await ownKey(owned, stepsFor(account), { asker, noted, isOver, mark: `${lane}-${turn}` });
  }
}

const newState = (description: string): KeyState => ({
  status: 'Enabled',
  version: 1,
  description,
  aliases: [],
  tags: {},
  policy: '',
});

type Owner = {
  readonly asker: Asker;
  readonly noted: (asking: Promise<Answer>) => Promise<Answer | typeof gone>;
  readonly isOver: () => boolean;
  readonly mark: string;
};

async function ownKey(owned: Owned, steps: readonly Step[], owner: Owner): Promise<void> {
  const { asker, noted, isOver } = owner;
  for (const [index, step] of steps.entries()) {
    if (isOver()) return;
    if (owned.state.status === 'Enabled') {
      const plaintext = Buffer.from(`${owned.id} ${index}`).toString('base64');
      const sealed = await noted(
        index % 2 === 0
          ? asker.aws('Encrypt', { KeyId: owned.id, Plaintext: plaintext })
          : asker.native('POST', `/keys/${owned.id}/encrypt`, { plaintext }),
      );
      if (sealed === gone) return;
      const blob = String(sealed.body['CiphertextBlob'] ?? sealed.body['ciphertext']);
      owned.ciphertexts.push({ blob, plaintext });
    }
    const mark = `${owner.mark}-${index}`;
    owned.perhaps = step.gives(owned.state, mark);
    if ((await noted(step.ask(asker, owned.id, mark))) === gone) return;
    owned.state = owned.perhaps;
    owned.perhaps = null;
  }
}

/** The key as the server tells it. */
async function found(asker: Asker, KeyId: string): Promise<KeyState> {
  const read = async (operation: string) => {
    const { status, body } = await asker.aws(operation, { KeyId });
    assert.equal(status, 200, `${operation} of key ${KeyId}: ${JSON.stringify(body)}`);
    return body;
  };
  const { KeyMetadata: metadata } = (await read('DescribeKey')) as { KeyMetadata: Record<string, string> };
  const { Tags: tags } = (await read('ListResourceTags')) as { Tags: { TagKey: string; TagValue: string }[] };
  const { Aliases: aliases } = (await read('ListAliases')) as { Aliases: { AliasName: string }[] };
  const policy = JSON.parse(String((await read('GetKeyPolicy'))['Policy'])) as { Id?: string };
  const { body } = await asker.native('GET', `/keys/${KeyId}`);
  return {
    status: metadata['KeyState'] as KeyState['status'],
    version: Number(body['currentVersion']),
    description: metadata['Description'] ?? '',
    aliases: aliases.map(({ AliasName }) => AliasName).sort(),
    tags: Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
    policy: policy.Id?.includes('-') && !policy.Id.startsWith('key-') ? policy.Id : '',
  };
}

/** Asserts that a key is as its owner was told, that its newest version works, and that all its ciphertexts open. */
export async function requireKept(asker: Asker, owned: Owned): Promise<void> {
  const state = await found(asker, owned.id);
  const isDone = owned.perhaps !== null && JSON.stringify(state) === JSON.stringify(owned.perhaps);
  if (!isDone)
    assert.deepEqual(state, owned.state, `key ${owned.id}, of which ${owned.perhaps ? 1 : 0} may differ`);
  owned.state = state;
  owned.perhaps = null;
  if (state.status === 'PendingDeletion') await asker.aws('CancelKeyDeletion', { KeyId: owned.id });
  if (state.status !== 'Enabled') await asker.aws('EnableKey', { KeyId: owned.id });
  owned.state = { ...state, status: 'Enabled' };
  for (const { blob, plaintext } of owned.ciphertexts) {
    const opened = await asker.aws('Decrypt', { CiphertextBlob: blob });
    assert.equal(opened.body['Plaintext'], plaintext, `a ciphertext of key ${owned.id}`);
  }
  const fresh = await asker.aws('Encrypt', { KeyId: owned.id, Plaintext: 'AAAA' });
  assert.equal(fresh.status, 200, `key ${owned.id} is whole`);
}

/** Every answered request has one record in the logs, and no record stands twice. */
export function requireRecords(auditFolder: string, told: Told): void {
  const records = new Set<string>();
  for (const folder of logFolders(auditFolder)) {
    for (const { event } of readEvents(folder)) {
      assert.ok(!records.has(event.id), `record ${event.id} stands twice`);
      records.add(event.id);
    }
  }
  const lost = [...told.requestIds].filter((id) => !records.has(id));
  assert.deepEqual(lost, [], 'records of answered requests that are gone');
}
