import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { readShare, SecretBytes, type Share, writeShare } from '#crypto';
import { ClavigerError, StopError, type ErrorCode } from '#domain';
import { rootOfTrustContract } from '#ports/contract';
import {
  gatherShares,
  newShareSet,
  openShamirRoot,
  parseShamirParameters,
  shareOf,
  type ShareSet,
} from '../index.ts';

const scheme = { shares: 5, threshold: 3 };

async function recovered({ parameters, texts }: ShareSet, indexes: readonly number[]): Promise<SecretBytes> {
  const gathering = gatherShares(parameters);
  try {
    for (const index of indexes) gathering.add(Buffer.from(texts[index] ?? []));
    return await gathering.recover();
  } finally {
    gathering.wipe();
  }
}

rootOfTrustContract('shamir', async () => {
  const key = SecretBytes.random(32);
  const set = await newShareSet(key, scheme);
  const root = openShamirRoot(key);
  return {
    root,
    again: async () => openShamirRoot(await recovered(set, [4, 0, 2])),
    other: async () => openShamirRoot(SecretBytes.random(32)),
    dispose: () => root.close(),
  };
});

function isCode(code: ErrorCode, message: RegExp = /./) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ClavigerError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

describe('gathering shares', () => {
  using key = SecretBytes.random(32);
  const kept = key.copy();
  let set: ShareSet;
  let other: ShareSet;
  before(async () => {
    set = await newShareSet(kept, scheme);
    other = await newShareSet(kept, scheme);
  });
  const textOf = (from: ShareSet, index: number) => Buffer.from(from.texts[index] ?? []);

  it('gives the root key in every order of every three of five, and in no order of two', async () => {
    let [threes, twos] = [0, 0];
    const all = [0, 1, 2, 3, 4];
    for (const first of all) {
      for (const second of all.filter((index) => index !== first)) {
        await assert.rejects(recovered(set, [first, second]), isCode('shares-insufficient', /2 of 3/));
        twos += 1;
        for (const third of all.filter((index) => index !== first && index !== second)) {
          using back = await recovered(set, [first, second, third]);
          assert.ok(back.equals(kept));
          threes += 1;
        }
      }
    }
    assert.deepEqual([threes, twos], [60, 20]);
  });

  it('refuses a share that is repeated, foreign, mistyped or forged, each with words of its own', async () => {
    const gathering = gatherShares(set.parameters);
    gathering.add(textOf(set, 1));
    const refused = (text: Uint8Array, code: ErrorCode, message: RegExp) =>
      assert.throws(() => gathering.add(text), isCode(code, message));
    refused(textOf(set, 1), 'share-repeated', /Share 2 of set .* given already; 1 of 3/);
    refused(textOf(other, 1), 'share-foreign', new RegExp(`takes shares of set ${set.parameters.setId}`));
    const mistyped = textOf(set, 2);
    mistyped[60] = mistyped[60] === 48 ? 49 : 48;
    refused(mistyped, 'share-invalid', /mistyped/);
    refused(Buffer.from('open sesame'), 'share-invalid', /not a share/);
    assert.deepEqual(gathering.given, [2]);
    assert.equal(gathering.isComplete, false);
    gathering.add(textOf(set, 4));
    gathering.add(textOf(set, 0));
    assert.equal(gathering.isComplete, true);
    using back = await gathering.recover();
    assert.ok(back.equals(kept));
    gathering.wipe();
    assert.deepEqual(gathering.given, []);
  });

  it('takes no share that was never given out, though its checksum and its set are right', async () => {
    using another = SecretBytes.random(32);
    const forged = await newShareSet(another, scheme);
    // as if the forger had found a set of the same name
    const parameters = { ...forged.parameters, fingerprints: set.parameters.fingerprints };
    assert.throws(() => shareOf(parameters, textOf(forged, 0)), isCode('share-invalid', /forged/));
    // a custodian who changes what the own share says, and makes the checksum right again
    const mine = readShare(textOf(set, 0));
    const lies: readonly Partial<Share>[] = [
      { index: 2 },
      { threshold: 2 },
      { shares: 6 },
      { part: SecretBytes.random(40) },
      { part: SecretBytes.random(41) },
    ];
    for (const lie of lies) {
      const text = writeShare({ ...mine, ...lie });
      assert.throws(() => shareOf(set.parameters, text), isCode('share-invalid', /forged/));
    }
    assert.equal(shareOf(set.parameters, writeShare(mine)).index, 1);
  });

  it('stops where shares fit together and do not give the root key of the store', async () => {
    const changed = { ...set, parameters: { ...set.parameters, check: other.parameters.check } };
    await assert.rejects(recovered(changed, [0, 1, 2]), (error) => {
      assert.ok(error instanceof StopError);
      return isCode('root-refused', /do not give the root key/)(error);
    });
  });

  it('is not unsealed by any of 10,000 corrupted shares, and crashes at none', () => {
    const gathering = gatherShares(set.parameters);
    gathering.add(textOf(set, 0));
    gathering.add(textOf(set, 1));
    const characters = 'abcdefghjkmnpqrstvwxyz0123456789:-ilou ABC';
    const pick = (from: string) => from[randomInt(from.length)] ?? '';
    const corruptions: readonly ((line: string) => string)[] = [
      (line) => {
        const bytes = Buffer.from(line, 'latin1');
        for (let count = 1 + randomInt(4); count > 0; count -= 1)
          bytes[randomInt(bytes.length)] = randomInt(256);
        return bytes.toString('latin1');
      },
      (line) => {
        const at = randomInt(line.length);
        return line.slice(0, at) + pick(characters) + line.slice(at + 1);
      },
      (line) => line.slice(0, randomInt(line.length)),
      (line) => line.slice(randomInt(line.length - 1) + 1),
      (line) => {
        const at = randomInt(line.length);
        return line.slice(0, at) + line.slice(at + 1 + randomInt(4));
      },
      // fields of another share of this set, or of the other set
      (line) => {
        const from = randomInt(2) === 0 ? set : other;
        const fields = line.split(':');
        const source = textOf(from, randomInt(5)).toString('latin1').split(':');
        const at = 1 + randomInt(5);
        return fields.with(at, source[at] ?? '').join(':');
      },
      () => textOf(other, randomInt(5)).toString('latin1'),
      (line) => {
        const fields = line.split(':');
        const [from, to] = [randomInt(6), randomInt(6)];
        return fields
          .with(from, fields[to] ?? '')
          .with(to, fields[from] ?? '')
          .join(':');
      },
    ];
    const good = new Set(set.texts.map((text) => Buffer.from(text).toString('latin1')));
    let tried = 0;
    while (tried < 10_000) {
      const line = textOf(set, 2 + randomInt(3)).toString('latin1');
      const wrong = corruptions[randomInt(corruptions.length)]?.(line) ?? '';
      if (good.has(wrong.trim())) continue;
      assert.throws(
        () => gathering.add(Buffer.from(wrong, 'latin1')),
        (error) => error instanceof ClavigerError && /^share-/.test(error.code),
        wrong,
      );
      tried += 1;
    }
    assert.deepEqual(gathering.given, [1, 2]);
    assert.equal(gathering.isComplete, false);
  });
});

describe('the parameters of a set of shares', () => {
  it('survive being kept as text, and hold no share and no key', async () => {
    using key = SecretBytes.random(32);
    const { parameters, texts } = await newShareSet(key, scheme);
    const kept = JSON.stringify(parameters);
    assert.deepEqual(parseShamirParameters(kept), parameters);
    const hex = key.use((bytes) => Buffer.from(bytes).toString('base64'));
    assert.ok(!kept.includes(hex.slice(0, 20)));
    for (const text of texts)
      assert.ok(!kept.includes(Buffer.from(text).toString('latin1').split(':')[4] ?? ''));
  });

  it('stop when they are damaged', async () => {
    using key = SecretBytes.random(32);
    const { parameters: good } = await newShareSet(key, scheme);
    const wrong: readonly unknown[] = [
      null,
      [],
      7,
      { ...good, setId: 'x' },
      { ...good, setId: undefined },
      { ...good, shares: 17 },
      { ...good, shares: '5' },
      { ...good, threshold: 1 },
      { ...good, threshold: 6 },
      { ...good, check: '' },
      { ...good, check: 'AAAA' },
      { ...good, fingerprints: good.fingerprints.slice(1) },
      { ...good, fingerprints: [...good.fingerprints.slice(1), 'AAAA'] },
      { ...good, fingerprints: 5 },
    ];
    for (const text of ['', '{', ...wrong.map((value) => JSON.stringify(value))]) {
      assert.throws(
        () => parseShamirParameters(text),
        (error) => error instanceof StopError && error.code === 'integrity-failed',
        text,
      );
    }
  });
});
