import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, hasCode } from '#domain';
import { openKeyBlock, readKeyBlockHeader, sealClear, sealKeyBlock, sealPadded } from './key-block.ts';
import type { KeyBlockHeader } from './key-block-header.ts';
import { SecretBytes } from './secret-bytes.ts';

const secret = (hex: string) => SecretBytes.copyOf(Buffer.from(hex, 'hex'));
const hexOf = (key: SecretBytes) => key.use((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());

const standardKey = '88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6';
const hsmKey = '41'.repeat(32);

/** Published examples of version D: where from, protection key, block, key in it, what its header says. */
const published: readonly (readonly [string, string, string, string, Partial<KeyBlockHeader>])[] = [
  [
    'TR-31:2018 A.7.4',
    standardKey,
    'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34',
    '3F419E1CB7079442AA37474C2EFBF8B8',
    { usage: 'P0', algorithm: 'A', modeOfUse: 'E', keyVersion: '00', exportability: 'E', optionalBlocks: [] },
  ],
  [
    'X9.143:2021 8.1, its length hidden',
    standardKey,
    'D0144P0AE00E00002C77FA3F4A553BED6E88AE5C172A4166E3D4ACA8E2AC71C158A476FAC12C13C3829DE55D3AB54C48F4C4FEF7AC75E90FC47F1B77E7B19A73ED46E64410082557',
    '3F419E1CB7079442AA37474C2EFBF8B8',
    { usage: 'P0', algorithm: 'A', modeOfUse: 'E' },
  ],
  [
    'X9.143:2021 8.2, with optional blocks',
    'E38331FBACE33F0B8694ABA5DC611CA20831949FEB8988102147291578F704E1',
    'D0192C0AVA1N0300KS08VM9ATS1A2018-06-18T20:42:39.22PB0E00000000005FDAFA00A1E84F599C2EB51A1F7A767D5E42314F0E84A3FC1A7B84C1DE81114659E6306AD544208F68F15602BD3E12DA0C7F9FC551F1C8E6385FAFC1F7B499F5',
    '8C326037F8910BBFDBC267E5101DFBF9480433028D5E67B34673440F8ACEC972',
    {
      usage: 'C0',
      keyVersion: 'A1',
      exportability: 'N',
      optionalBlocks: [
        { id: 'KS', data: 'VM9A' },
        { id: 'TS', data: '2018-06-18T20:42:39.22' },
      ],
    },
  ],
  [
    'ISO 20038:2017 B.3, another algorithm under AES',
    Buffer.from('256-bit AES wrapping (ISO 20038)').toString('hex'),
    'D0112M3TV16N000018462FA5903B8D2B82FEE26B29713C0BE7ED81601087F12252093D06FC0A012C1CF769AD0E3E9E4877166AB013FC22B4',
    '767361707064642032454552206B6479',
    { usage: 'M3', algorithm: 'T', keyVersion: '16' },
  ],
  [
    'made by an HSM: AES-256',
    hsmKey,
    'D0144D0AN00N0000127862F945C2DED04530FAF7CDBC8B0BA10C7AA79BD5E0C2C5D6AC173BF588E4B19ACF1357178D50EA0AB193228E13958304FC6149632DFDCADF3A5B3D57E814',
    'BE19E6A07A760F10EF8E83A226B63AAD141F463FDDD4F47DB244B4023EC3CACC',
    { usage: 'D0', algorithm: 'A', modeOfUse: 'N' },
  ],
  [
    'made by an HSM: triple DES',
    hsmKey,
    'D0112B0TN00N000037DB9B046B7B0048785690759580ABC3B9842AB4BB7717B49E92528E575785D8123559376A2553B27BE94F054F4E971C',
    '1FA1F7CEC798D91545DA8AE0C7796BD9',
    { usage: 'B0', algorithm: 'T' },
  ],
];

const plain: KeyBlockHeader = {
  version: 'D',
  usage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersion: '00',
  exportability: 'E',
  keyContext: '0',
  optionalBlocks: [],
};

const upper = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const code = (length: number) =>
  fc
    .array(fc.constantFrom(...upper), { minLength: length, maxLength: length })
    .map((chars) => chars.join(''));
const printable = (maxLength: number) =>
  fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength }).map((codes) => String.fromCharCode(...codes));

const anyHeader = fc.record(
  {
    version: fc.constant('D' as const),
    usage: code(2),
    algorithm: code(1),
    modeOfUse: code(1),
    keyVersion: code(2),
    exportability: fc.constantFrom('E' as const, 'N' as const, 'S' as const),
    keyContext: fc.constantFrom('0' as const, '1' as const, '2' as const),
    optionalBlocks: fc.uniqueArray(
      fc.record({ id: code(2).filter((id) => id !== 'PB'), data: printable(300) }, { noNullPrototype: true }),
      { maxLength: 6, selector: ({ id }) => id },
    ),
  },
  { noNullPrototype: true },
);

const keyOf = (lengths: readonly number[]) =>
  fc.constantFrom(...lengths).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

describe('key blocks of version D', () => {
  for (const [name, protection, block, key, said] of published) {
    it(`opens the published block of ${name}`, () => {
      using protectionKey = secret(protection);
      const opened = openKeyBlock({ protectionKey, block });
      using clear = opened.key;
      assert.equal(hexOf(clear), key);
      assert.deepEqual({ ...opened.header, ...said }, opened.header);
      assert.deepEqual(readKeyBlockHeader(block), opened.header);
    });
  }

  it('seals the block of TR-31:2018 A.7.4 from its padding', () => {
    using protectionKey = secret(standardKey);
    using key = secret('3F419E1CB7079442AA37474C2EFBF8B8');
    const header: KeyBlockHeader = { ...plain, usage: 'P0', modeOfUse: 'E' };
    const padding = Buffer.from('1C2965473CE206BB855B01533782', 'hex');
    assert.equal(sealPadded({ protectionKey, header, key }, padding), published[0]?.[2]);
  });

  it('writes the header of X9.143:2021 8.2, padding block and all', () => {
    const [, protection, block, clear] = published[2] as (typeof published)[number];
    using protectionKey = secret(protection);
    using key = secret(clear);
    const { header } = openKeyBlock({ protectionKey, block });
    assert.equal(sealKeyBlock({ protectionKey, header, key }).slice(0, 64), block.slice(0, 64));
  });

  it('opens what it sealed, whatever header, key and protection key', () => {
    fc.assert(
      fc.property(
        anyHeader,
        keyOf([16, 24, 32]),
        keyOf([1, 8, 16, 24, 31, 48, 64, 256]),
        fc.integer({ min: 0, max: 80 }),
        (header, protection, bytes, maskLength) => {
          fc.pre(header.algorithm !== 'A');
          using protectionKey = SecretBytes.copyOf(protection);
          using key = SecretBytes.copyOf(bytes);
          const block = sealKeyBlock({ protectionKey, header, key, maskLength });
          assert.match(block, /^[\x20-\x7e]+$/);
          assert.equal(block.length % 16, 0);
          const opened = openKeyBlock({ protectionKey, block });
          using clear = opened.key;
          assert.deepEqual(opened.header, header);
          assert.ok(clear.equals(key));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('hides the length of an AES key unless told otherwise', () => {
    using protectionKey = SecretBytes.random(32);
    const lengths = [16, 24, 32].map((length) => {
      using key = SecretBytes.random(length);
      return sealKeyBlock({ protectionKey, header: plain, key }).length;
    });
    assert.deepEqual(lengths, [144, 144, 144]);
    using short = SecretBytes.random(16);
    assert.equal(sealKeyBlock({ protectionKey, header: plain, key: short, maskLength: 0 }).length, 112);
  });

  it('does not hide a length behind more than a block has, or behind no length', () => {
    using protectionKey = SecretBytes.random(32);
    using key = SecretBytes.random(16);
    for (const maskLength of [-1, 1.5, Number.NaN, 5000, 2 ** 40])
      assert.throws(
        () => sealKeyBlock({ protectionKey, header: plain, key, maskLength }),
        (error) => hasCode(error, 'input-invalid'),
      );
  });

  it('never gives the same block twice for the same key', () => {
    using protectionKey = SecretBytes.random(32);
    using key = SecretBytes.random(16);
    const seal = () => sealKeyBlock({ protectionKey, header: plain, key });
    assert.notEqual(seal(), seal());
  });

  it('says one and the same thing of another key, a changed header, a changed key and a changed code', () => {
    const [, protection, block] = published[1] as (typeof published)[number];
    const flip = (at: number) => block.slice(0, at) + (block[at] === '0' ? '1' : '0') + block.slice(at + 1);
    const attempts: [string, string][] = [
      [hsmKey, block],
      ['00'.repeat(16), block],
      [protection, `${block.slice(0, 7)}D${block.slice(8)}`],
      [protection, `${block.slice(0, 11)}S${block.slice(12)}`],
      ...Array.from({ length: 128 }, (_, at): [string, string] => [protection, flip(16 + at)]),
    ];
    const messages = attempts.map(([hex, text]) => {
      using protectionKey = secret(hex);
      try {
        openKeyBlock({ protectionKey, block: text });
      } catch (error) {
        assert.ok(hasCode(error, 'ciphertext-invalid'));
        return error instanceof ClavigerError ? error.message : null;
      }
      return 'opened';
    });
    assert.deepEqual([...new Set(messages)], ['The key block does not open under this key.']);
  });

  it('gives that answer for a length that the sender got wrong, too', () => {
    using protectionKey = secret(standardKey);
    for (const bits of [0, 1, 127, 129, 0xffff]) {
      const clear = Buffer.alloc(32, 7);
      clear.writeUInt16BE(bits, 0);
      const block = sealClear(protectionKey, plain, clear);
      assert.throws(
        () => openKeyBlock({ protectionKey, block }),
        (error) => hasCode(error, 'ciphertext-invalid'),
        `${bits} bits`,
      );
    }
  });

  const broken: readonly (readonly [string, (block: string) => string])[] = [
    ['another version', (block) => `B${block.slice(1)}`],
    ['a length of its own', (block) => `D0128${block.slice(5)}`],
    ['a character less', (block) => block.slice(0, -1)],
    ['a character more', (block) => `${block}0`],
    ['small letters', (block) => block.toLowerCase().replace(/^d/, 'D')],
    ['a reserved field in use', (block) => `${block.slice(0, 15)}1${block.slice(16)}`],
    ['an exportability that is none', (block) => `${block.slice(0, 11)}X${block.slice(12)}`],
    ['optional blocks that are not there', (block) => `${block.slice(0, 12)}01${block.slice(14)}`],
    ['nothing but a header', () => 'D0016D0AB00E0000'],
    ['no body, but a code', () => `D0048D0AB00E0000${'0'.repeat(32)}`],
    ['nothing at all', () => ''],
    ['more than 9999 characters', (block) => block.padEnd(10_000, '0')],
    ['characters of another alphabet', (block) => `${block.slice(0, 20)}é${block.slice(21)}`],
  ];
  for (const [name, breakIt] of broken) {
    it(`refuses ${name}`, () => {
      using protectionKey = secret(standardKey);
      const block = breakIt(published[0]?.[2] as string);
      assert.throws(
        () => openKeyBlock({ protectionKey, block }),
        (error) => hasCode(error, 'input-invalid'),
      );
      assert.throws(
        () => readKeyBlockHeader(block),
        (error) => hasCode(error, 'input-invalid'),
      );
    });
  }

  const body = '0'.repeat(64);
  const withOptional = (count: string, optional: string) => {
    const length = String(16 + optional.length + body.length).padStart(4, '0');
    return `D${length}D0AB00E${count}00${optional}${body}`;
  };
  const refusedOptional: readonly (readonly [string, string, string])[] = [
    ['padding that is not last', '02', 'PB08AAAAKS08AAAA'],
    ['padding alone', '01', `PB10${'0'.repeat(12)}`],
    ['an identifier twice', '02', 'KS08AAAAKS08AAAA'],
    ['a length of nothing', '01', `KS03${'0'.repeat(12)}`],
    ['a length past the end', '01', `KSFF${'0'.repeat(12)}`],
    ['a length in small letters', '01', `KS1a${'0'.repeat(22)}PB06`],
    ['a long form for what is short', '01', `KS00020010${'0'.repeat(6)}`],
    ['a length of lengths of its own', '01', `KS00040000${'0'.repeat(6)}`],
    ['no multiple of 16', '01', 'KS08AAAA'],
    ['an identifier with small letters', '01', `ks10${'0'.repeat(12)}`],
  ];
  for (const [name, count, optional] of refusedOptional) {
    it(`refuses optional blocks with ${name}`, () => {
      assert.throws(
        () => readKeyBlockHeader(withOptional(count, optional)),
        (error) => hasCode(error, 'input-invalid'),
      );
    });
  }

  const unsealable: readonly (readonly [string, Partial<KeyBlockHeader>, number, number])[] = [
    ['a usage that is none', { usage: 'd0' }, 32, 16],
    ['a field with more than its characters', { usage: 'D00' }, 32, 16],
    ['a protection key of no AES', {}, 20, 16],
    ['an AES key longer than its protection key', {}, 16, 32],
    ['an AES key of no such length', {}, 32, 20],
    ['an empty key', { algorithm: 'H' }, 32, 0],
    ['a key without an end', { algorithm: 'H' }, 32, 5000],
    ['a padding block of its own', { optionalBlocks: [{ id: 'PB', data: '' }] }, 32, 16],
    ['data that does not print', { optionalBlocks: [{ id: 'KS', data: 'a\n' }] }, 32, 16],
    ['data without an end', { optionalBlocks: [{ id: 'KS', data: 'a'.repeat(9990) }] }, 32, 16],
  ];
  for (const [name, change, protectionLength, keyLength] of unsealable) {
    it(`does not seal ${name}`, () => {
      using protectionKey = SecretBytes.random(protectionLength);
      using key = SecretBytes.random(keyLength);
      assert.throws(
        () => sealKeyBlock({ protectionKey, header: { ...plain, ...change }, key }),
        (error) => hasCode(error, 'input-invalid'),
      );
    });
  }

  it('answers any text with one of its two errors', () => {
    using protectionKey = secret(standardKey);
    const [, , block] = published[2] as (typeof published)[number];
    const changed = fc
      .tuple(fc.nat(block.length - 1), fc.nat(20), printable(30))
      .map(([at, length, text]) => block.slice(0, at) + text + block.slice(at + length));
    const grown = fc.tuple(printable(200)).map(([text]) => {
      const length = String(16 + text.length).padStart(4, '0');
      return `D${length}D0AB00E0300${text}`;
    });
    fc.assert(
      fc.property(fc.oneof(changed, grown, fc.string({ maxLength: 400 })), (text) => {
        fc.pre(text !== block);
        assert.throws(
          () => openKeyBlock({ protectionKey, block: text }),
          (error) => hasCode(error, 'input-invalid') || hasCode(error, 'ciphertext-invalid'),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
