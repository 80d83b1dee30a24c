import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EnvelopeError } from './envelope-error.ts';
import { decryptStream, encryptStream, sealStream } from './stream.ts';

const dataKey = Buffer.from(Array.from({ length: 32 }, (_none, at) => at));
const wrapped = Buffer.from('wrapped');
const context = { '10': 'ten', '9': 'ü' };
const openKey = async () => Buffer.from(dataKey);
const chunkSize = 4096;
const sealedSize = chunkSize + 16;
/** Length of the head of `sealed`. */
const headSize = 98;

async function* pieces(bytes: Uint8Array, sizes: readonly number[] = []): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of stream) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

/** A file with small chunks, so that borders are cheap. */
function sealed(plaintext: Uint8Array, messageId: Uint8Array = randomBytes(32)): Promise<Buffer> {
  const sealing = { plaintext: dataKey, ciphertext: wrapped, context, chunkPower: 12, messageId };
  return collect(sealStream(pieces(plaintext), sealing));
}

const opened = (file: Uint8Array, sizes?: readonly number[]) =>
  collect(decryptStream(pieces(file, sizes), openKey));

/** Opens a damaged file: it must fail, and give out nothing that is not the beginning of the plaintext. */
async function refuse(file: Uint8Array, plaintext: Uint8Array, code?: EnvelopeError['code']): Promise<void> {
  let given = 0;
  const work = async () => {
    for await (const piece of decryptStream(pieces(file), openKey)) {
      assert.ok(
        Buffer.from(plaintext.subarray(given, given + piece.length)).equals(piece),
        'a false plaintext',
      );
      given += piece.length;
    }
  };
  await assert.rejects(
    work,
    (error) => error instanceof EnvelopeError && (code === undefined || error.code === code),
  );
}

const pattern = (length: number) => Buffer.from(Array.from({ length }, (_none, at) => at % 251));

describe('an encrypted file', () => {
  it('is the known answer of the documentation, byte by byte', async () => {
    const page = fs.readFileSync(
      path.join(import.meta.dirname, '../../../docs/formats/file-encryption.md'),
      'utf8',
    );
    const known = (name: string) => new RegExp(`^\\| ${name} \\| \`([0-9a-f]+)\` \\|$`, 'm').exec(page)?.[1];
    const file = await sealed(
      pattern(4099),
      Buffer.from(Array.from({ length: 32 }, (_none, at) => 0x40 + at)),
    );
    assert.equal(file.length, 4229);
    assert.equal(file.subarray(39, 71).toString('hex'), known('commitment'));
    assert.equal(file.subarray(73, 89).toString('hex'), known('context'));
    assert.equal(file.subarray(-19).toString('hex'), known('last 19 bytes'));
    assert.equal(createHash('sha256').update(file).digest('hex'), known('SHA-256 of the file'));
    assert.deepEqual(await opened(file), pattern(4099));
  });

  for (const size of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20 + 12_345]) {
    it(`comes back from ${size} bytes`, async () => {
      const plaintext = randomBytes(size);
      const file = await collect(
        encryptStream(pieces(plaintext), { plaintext: dataKey, ciphertext: wrapped }, context),
      );
      const chunks = Math.max(1, Math.ceil(size / 2 ** 20));
      assert.equal(file.length, headSize + size + 16 * chunks);
      const seen: unknown[] = [];
      const back = await collect(
        decryptStream(pieces(file), async (key, told) => {
          seen.push(Buffer.from(key), { ...told });
          return Buffer.from(dataKey);
        }),
      );
      assert.ok(back.equals(plaintext));
      assert.deepEqual(seen, [wrapped, context]);
    });
  }

  it('does not depend on how the streams are cut', async () => {
    const size = fc.constantFrom(
      0,
      1,
      chunkSize - 1,
      chunkSize,
      chunkSize + 1,
      3 * chunkSize,
      3 * chunkSize + 7,
    );
    const cuts = fc.array(fc.oneof(fc.nat(40), fc.nat(2 * chunkSize)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(size, cuts, cuts, async (length, written, read) => {
        const [plaintext, messageId] = [randomBytes(length), randomBytes(32)];
        const sealing = { plaintext: dataKey, ciphertext: wrapped, context, chunkPower: 12, messageId };
        const file = await collect(sealStream(pieces(plaintext, written), sealing));
        assert.ok(file.equals(await sealed(plaintext, messageId)));
        assert.ok((await opened(file, read)).equals(plaintext));
      }),
      { numRuns: 60 },
    );
    const file = await sealed(randomBytes(chunkSize));
    assert.equal(
      (
        await opened(
          file,
          Array.from({ length: file.length }, () => 1),
        )
      ).length,
      chunkSize,
    );
  });

  it('never has the same bytes twice', async () => {
    const [one, two] = [await sealed(pattern(50)), await sealed(pattern(50))];
    assert.notDeepEqual(one.subarray(headSize), two.subarray(headSize));
  });
});

describe('a damaged file', () => {
  for (const size of [0, 1, chunkSize, 2 * chunkSize + 100]) {
    it(`of ${size} bytes is noticed wherever it is cut`, async () => {
      const plaintext = randomBytes(size);
      const file = await sealed(plaintext);
      const borders = [0, 1, 2, 3].map((chunk) => headSize + chunk * sealedSize);
      const near = borders.flatMap((border) => [-17, -16, -1, 0, 1, 15, 16, 17].map((by) => border + by));
      const spread = Array.from({ length: 60 }, (_none, at) => Math.floor((file.length * at) / 60));
      const cuts = new Set([...Array(headSize).keys(), ...near, ...spread, file.length - 1]);
      for (const cut of cuts)
        if (cut >= 0 && cut < file.length) await refuse(file.subarray(0, cut), plaintext);
    });
  }

  it('is noticed in every bit of its head, and in any of its chunks', async () => {
    const plaintext = randomBytes(2 * chunkSize + 100);
    const file = await sealed(plaintext);
    const later = Array.from({ length: 150 }, (_none, at) => headSize + at * 55);
    for (const at of [...Array(headSize).keys(), ...later, file.length - 1]) {
      for (let bit = 0; bit < 8; bit += 1) {
        if (at >= headSize && bit !== at % 8) continue;
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        await refuse(changed, plaintext);
      }
    }
  });

  it('is noticed where chunks are swapped, doubled, dropped, added or of another file', async () => {
    const plaintext = randomBytes(3 * chunkSize + 100);
    const [file, other] = [await sealed(plaintext), await sealed(plaintext)];
    const part = (of: Buffer, at: number) =>
      of.subarray(headSize + at * sealedSize, headSize + (at + 1) * sealedSize);
    const head = file.subarray(0, headSize);
    const [one, two, three, last] = [0, 1, 2, 3].map((at) => part(file, at)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const short = await sealed(plaintext.subarray(0, chunkSize));
    const built: readonly (readonly Buffer[])[] = [
      [two, one, three, last],
      [one, one, two, three, last],
      [one, three, last],
      [one, two, three],
      [one, two, three, last, last],
      [one, two, three, last, Buffer.of(0)],
      [one, two, last, three],
      [last],
      [one, part(other, 1), three, last],
      [one, two, three, part(other, 3)],
      [part(short, 0)],
      [],
    ];
    assert.deepEqual(await opened(Buffer.concat([head, one, two, three, last])), plaintext);
    for (const chunks of built) await refuse(Buffer.concat([head, ...chunks]), plaintext);
    await refuse(Buffer.concat([other.subarray(0, headSize), one, two, three, last]), plaintext);
    await refuse(Buffer.concat([file, file]), plaintext);
  });

  it('does not get an empty last chunk by whoever has the key', async () => {
    const plaintext = randomBytes(chunkSize);
    const real = await sealed(plaintext);
    // the full chunk sealed as one in the middle, and an empty one behind it: what another writer could do
    const more = await sealed(Buffer.concat([plaintext, Buffer.of(1)]), real.subarray(7, 39));
    await refuse(
      Buffer.concat([more.subarray(0, headSize + sealedSize), Buffer.alloc(16)]),
      plaintext,
      'truncated',
    );
  });

  it('says what is wrong', async () => {
    const file = await sealed(pattern(5000));
    const changed = (at: number) => {
      const copy = Buffer.from(file);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    await refuse(Buffer.from('PK\x03\x04'), Buffer.of(), 'not-ours');
    await refuse(changed(5), Buffer.of(), 'not-ours');
    await refuse(changed(40), Buffer.of(), 'wrong-key');
    await refuse(changed(headSize), Buffer.of(), 'damaged');
    await refuse(file.subarray(0, 20), Buffer.of(), 'truncated');
    await refuse(file.subarray(0, headSize + sealedSize), pattern(5000), 'truncated');
  });

  it('is refused with another data key, or one that is too short to be one', async () => {
    const file = await sealed(pattern(10));
    for (const key of [randomBytes(32), dataKey.subarray(0, 31), Buffer.alloc(0)]) {
      await assert.rejects(collect(decryptStream(pieces(file), async () => Buffer.from(key))), {
        code: 'wrong-key',
      });
    }
    const weak = { plaintext: Buffer.alloc(16), ciphertext: wrapped };
    await assert.rejects(collect(encryptStream(pieces(pattern(1)), weak)), EnvelopeError);
  });

  it('does not make a reader keep more than a head, whatever its length fields say', async () => {
    const begin = Buffer.concat([
      Buffer.from('CLVGR\x01\x14', 'latin1'),
      Buffer.alloc(64),
      Buffer.of(0xff, 0xff),
    ]);
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield begin;
      for (; asked < 1000; asked += 1) yield Buffer.alloc(1024);
    }
    await assert.rejects(collect(decryptStream(endless(), openKey)), { code: 'damaged' });
    assert.ok(asked < 140, `${asked} KiB were read`);
  });

  it('wipes the data key that it was given', async () => {
    const keys: Buffer[] = [];
    const give = async () => {
      keys.push(Buffer.from(dataKey));
      return keys.at(-1) ?? Buffer.of();
    };
    const file = await sealed(pattern(10));
    await collect(decryptStream(pieces(file), give));
    file.writeUInt8(file.readUInt8(40) ^ 1, 40);
    await assert.rejects(collect(decryptStream(pieces(file), give)));
    assert.ok(keys.length === 2 && keys.every((key) => key.every((byte) => byte === 0)));
  });
});
