import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, type ErrorCode } from '#domain';
import { fromBase32, toBase32 } from './base32.ts';
import { SecretBytes } from './secret-bytes.ts';
import { readShare, type Share } from './share-text.ts';
import { combineShares, splitSecret } from './shares.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytesOf = (line: string) => Buffer.from(line, 'latin1');

async function fails(code: ErrorCode, work: () => unknown): Promise<ClavigerError> {
  let found: unknown = null;
  await assert.rejects(
    async () => void (await work()),
    (error) => {
      found = error;
      return error instanceof ClavigerError && error.code === code;
    },
  );
  return found as ClavigerError;
}

/** Every ordered choice of so many things. */
function arrangements<T>(things: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return things.flatMap((thing, at) =>
    arrangements([...things.slice(0, at), ...things.slice(at + 1)], count - 1).map((rest) => [
      thing,
      ...rest,
    ]),
  );
}

describe('base32', () => {
  it('gives back every byte string, in one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
        const written = toBase32(bytes);
        assert.match(text(written), /^[0-9a-hjkmnp-tv-z]*$/);
        assert.deepEqual(Buffer.from(fromBase32(written) ?? []), Buffer.from(bytes));
      }),
    );
  });

  it('refuses every other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (line) => {
        const read = fromBase32(bytesOf(line));
        if (read !== null) assert.equal(text(toBase32(read)), line);
      }),
      { numRuns: 2000 },
    );
    for (const wrong of ['i0', 'A0', '0', '01', '00-0', '000', '0000001'])
      assert.equal(fromBase32(bytesOf(wrong)), null);
  });
});

describe('a share', () => {
  const one = async () => {
    using secret = SecretBytes.random(32);
    return text((await splitSecret(secret, { shares: 5, threshold: 3 }))[1] ?? new Uint8Array());
  };

  it('is one line that can be typed, and says what it is', async () => {
    const line = await one();
    assert.match(
      line,
      /^claviger-share-1:[0-9a-z]{4}-[0-9a-z]{4}:2-of-5:3:([0-9a-z]{4}-){15}[0-9a-z]{4}:[0-9a-z]{4}-[0-9a-z]{4}$/,
    );
    const { setId, index, shares, threshold } = readShare(bytesOf(`  ${line}\r\n`));
    assert.deepEqual([index, shares, threshold], [2, 5, 3]);
    assert.equal(setId, line.split(':')[1]);
  });

  it('is refused with every character that is mistyped, left out, doubled or swapped with its neighbour', async () => {
    const line = await one();
    const typed = '0123456789abcdefghjkmnpqrstvwxyzilouAZ:-_ ';
    let tried = 0;
    for (let at = 0; at < line.length; at += 1) {
      const [before, here, after] = [line.slice(0, at), line[at] ?? '', line.slice(at + 1)];
      const wrong = Array.from(typed)
        .filter((other) => other !== here)
        .map((other) => before + other + after);
      if (at > 0 || here !== ' ') wrong.push(before + after, before + here + here + after);
      if (after !== '' && after[0] !== here) wrong.push(before + after[0] + here + after.slice(1));
      for (const mistyped of wrong) {
        if (mistyped.trim() === line) continue;
        assert.throws(
          () => readShare(bytesOf(mistyped)),
          (error) => error instanceof ClavigerError && error.code === 'share-invalid',
        );
        tried += 1;
      }
    }
    assert.ok(tried > 5000);
  });

  it('is refused when any two characters are swapped, or it is cut', async () => {
    const line = await one();
    for (let from = 0; from < line.length; from += 1) {
      await fails('share-invalid', () => readShare(bytesOf(line.slice(0, from))));
      await fails('share-invalid', () => readShare(bytesOf(line.slice(from + 1))));
      for (let to = from + 1; to < line.length; to += 1) {
        if (line[from] === line[to]) continue;
        const swapped = Buffer.from(line, 'latin1');
        [swapped[from], swapped[to]] = [line.charCodeAt(to), line.charCodeAt(from)];
        assert.throws(() => readShare(swapped), ClavigerError);
      }
    }
  });

  it('says in the error what is wrong, and nothing of what was given', async () => {
    const line = await one();
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /not a share/],
      ['swordfish', /not a share/],
      ['x'.repeat(100_000), /not a share/],
      [line.replace('share-1', 'share-2'), /another version/],
      [`${line.slice(0, -1)}${line.endsWith('0') ? '1' : '0'}`, /checksum .* mistyped/],
      [`${line}:${line}`, /not a share/],
    ];
    for (const [wrong, why] of cases) {
      const { message } = await fails('share-invalid', () => readShare(bytesOf(wrong)));
      assert.match(message, why);
      assert.ok(!message.includes('swordfish') && !message.includes(line.split(':')[4] ?? ''));
    }
  });

  it('is never read from what a stranger sends', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.string({ unit: 'binary', maxLength: 300 }).map((line) => Buffer.from(line, 'utf8')),
      fc
        .array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { minLength: 5, maxLength: 7 })
        .map((parts) => bytesOf(['claviger-share-1', ...parts].join(':'))),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        assert.throws(
          () => readShare(bytes),
          (error) => error instanceof ClavigerError && error.code === 'share-invalid',
        );
      }),
      { numRuns: 5000 },
    );
  });
});

describe('shares', () => {
  it('give the secret back: any threshold of them, whatever the scheme', async () => {
    const scheme = fc
      .integer({ min: 2, max: 16 })
      .chain((shares) =>
        fc.record({ shares: fc.constant(shares), threshold: fc.integer({ min: 2, max: shares }) }),
      );
    await fc.assert(
      fc.asyncProperty(scheme, fc.uint8Array({ minLength: 16, maxLength: 64 }), async (wish, bytes) => {
        using secret = SecretBytes.copyOf(bytes);
        const read = (await splitSecret(secret, wish)).map(readShare);
        for (let turn = 0; turn < 4; turn += 1) {
          const some = read.toSorted(() => randomInt(3) - 1);
          using back = await combineShares(some.slice(0, wish.threshold));
          assert.ok(back.equals(secret));
          using more = await combineShares(some);
          assert.ok(more.equals(secret));
          await fails('shares-insufficient', () => combineShares(some.slice(0, wish.threshold - 1)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('give it in every order of every three of five, and in no order of two', async () => {
    using secret = SecretBytes.random(32);
    const read = (await splitSecret(secret, { shares: 5, threshold: 3 })).map(readShare);
    const threes = arrangements(read, 3);
    const twos = arrangements(read, 2);
    assert.deepEqual([threes.length, twos.length], [60, 20]);
    for (const some of threes) {
      using back = await combineShares(some);
      assert.ok(back.equals(secret));
    }
    for (const some of twos) await fails('shares-insufficient', () => combineShares(some));
  });

  it('never give a wrong secret: too few that pretend to be enough, changed, or of another index', async () => {
    using secret = SecretBytes.random(32);
    const read = (await splitSecret(secret, { shares: 5, threshold: 3 })).map(readShare);
    const [first, second, third] = read as [Share, Share, Share];
    const pretending = [first, second].map((share) => ({ ...share, threshold: 2 }));
    await fails('share-invalid', () => combineShares(pretending));
    for (let at = 0; at < third.part.length; at += 1) {
      const part = third.part.use((bytes) => SecretBytes.copyOf(bytes));
      part.use((bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
      });
      await fails('share-invalid', () => combineShares([first, second, { ...third, part }]));
    }
    await fails('share-invalid', () => combineShares([first, second, { ...second, index: 3 }]));
    await fails('share-invalid', () =>
      combineShares([first, second, { ...third, part: SecretBytes.random(39) }]),
    );
  });

  it('are refused when they are of several sets, when one is given twice, and when there is none', async () => {
    using secret = SecretBytes.random(32);
    const scheme = { shares: 5, threshold: 3 };
    const [mine, others] = [await splitSecret(secret, scheme), await splitSecret(secret, scheme)];
    const [a, b, c] = mine.map(readShare) as [Share, Share, Share];
    const foreign = others.map(readShare)[2] as Share;
    await fails('share-foreign', () => combineShares([a, b, foreign]));
    await fails('share-foreign', () => combineShares([a, b, { ...c, threshold: 2 }]));
    const repeated = await fails('share-repeated', () => combineShares([a, b, a]));
    assert.match(repeated.message, /Share 1 .* twice/);
    await fails('shares-insufficient', () => combineShares([]));
  });

  it('are refused out of bounds', async () => {
    using secret = SecretBytes.random(32);
    const schemes = [
      [1, 1],
      [2, 1],
      [2, 3],
      [17, 2],
      [5, 2.5],
      [Number.NaN, 2],
      [0, 0],
    ] as const;
    for (const [shares, threshold] of schemes)
      await fails('input-invalid', () => splitSecret(secret, { shares, threshold }));
    for (const length of [0, 15, 65])
      await fails('input-invalid', () =>
        splitSecret(SecretBytes.random(length), { shares: 3, threshold: 2 }),
      );
  });

  it('tell nothing of the secret by fewer: each value of a byte comes as often, whatever the secret', async () => {
    const counts = new Uint32Array(256);
    const rounds = 3000;
    using secret = SecretBytes.copyOf(new Uint8Array(16));
    for (let round = 0; round < rounds; round += 1) {
      const [first] = await splitSecret(secret, { shares: 2, threshold: 2 });
      readShare(first ?? new Uint8Array()).part.use((part) => {
        for (const value of part.subarray(0, 16)) counts[value] = (counts[value] ?? 0) + 1;
      });
    }
    const expected = (rounds * 16) / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: above 400 once in 10^8 runs
    assert.ok(chiSquare < 400, `chi-square ${chiSquare}`);
  });
});
