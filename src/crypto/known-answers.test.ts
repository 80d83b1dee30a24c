import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeySpec } from '#domain';
import { mac, open, unwrapKey, wrapKey, SecretBytes } from '#crypto';
import { algorithmOf } from './algorithms.ts';
import { sha256 } from './hashes.ts';
import { counterMode } from './key-derivation.ts';
import { handleOf } from './key-handle.ts';
import { anySecret, hex, openBytes } from './vector-files.test.ts';

test('HKDF-SHA-256: RFC 5869, A.1 and A.3', () => {
  const ikm = handleOf(anySecret('DERIVE_256', Buffer.alloc(22, 0x0b)));
  const entry = algorithmOf('kdf', 'HKDF_SHA_256', 'DERIVE_256');
  const derive = (salt: string, info: string) =>
    Buffer.from(entry.derive(ikm.key, { salt: hex(salt), info: hex(info), length: 42 })).toString('hex');
  assert.equal(
    derive('000102030405060708090a0b0c', 'f0f1f2f3f4f5f6f7f8f9'),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
  assert.equal(
    derive('', ''),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

const wraps = [
  // RFC 3394, 4.1, 4.3, 4.6
  [
    'AES_KW',
    'AES_128',
    '000102030405060708090a0b0c0d0e0f',
    '00112233445566778899aabbccddeeff',
    '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5',
  ],
  [
    'AES_KW',
    'AES_256',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '00112233445566778899aabbccddeeff',
    '64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7',
  ],
  [
    'AES_KW',
    'AES_256',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f',
    '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
  ],
  // RFC 5649, 6
  [
    'AES_KWP',
    'AES_192',
    '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8',
    'c37b7e6492584340bed12207808941155068f738',
    '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
  ],
  [
    'AES_KWP',
    'AES_192',
    '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8',
    '466f7250617369',
    'afbeb0f07dfbf5419200f2ccb50bb24f',
  ],
] as const;

for (const [algorithm, spec, kek, secretHex, wrapped] of wraps) {
  test(`${algorithm} under ${spec}: ${wrapped.slice(0, 8)}`, () => {
    const material = openBytes(spec, hex(kek));
    using secret = SecretBytes.copyOf(hex(secretHex));
    assert.equal(Buffer.from(wrapKey(algorithm, material, secret)).toString('hex'), wrapped);
    using back = unwrapKey(algorithm, material, hex(wrapped));
    assert.equal(back.equals(secret), true);
  });
}

const cmacMessage =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
const cmacs: readonly (readonly [KeySpec, string, number, string])[] = [
  // SP 800-38B, examples
  ['AES_128', '2b7e151628aed2a6abf7158809cf4f3c', 0, 'bb1d6929e95937287fa37d129b756746'],
  ['AES_128', '2b7e151628aed2a6abf7158809cf4f3c', 16, '070a16b46b4d4144f79bdd9dd04a287c'],
  ['AES_128', '2b7e151628aed2a6abf7158809cf4f3c', 40, 'dfa66747de9ae63030ca32611497c827'],
  ['AES_192', '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b', 64, 'a1d5df0eed790f794d77589659f39a11'],
  [
    'AES_256',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    64,
    'e1992190549f6ed5696a2c056c315410',
  ],
];

for (const [spec, key, length, expected] of cmacs) {
  test(`AES-CMAC under ${spec} of ${length} bytes`, () => {
    const message = hex(cmacMessage).subarray(0, length);
    assert.equal(Buffer.from(mac('AES_CMAC', openBytes(spec, hex(key)), message)).toString('hex'), expected);
  });
}

const gcmSiv: readonly (readonly [KeySpec, string, string, string, string])[] = [
  // RFC 8452, C.1 and C.2: key, plaintext, associated data, result; the nonce is 03 and zeros
  ['AES_128', '01000000000000000000000000000000', '', '', 'dc20e2d83f25705bb49e439eca56de25'],
  [
    'AES_128',
    '01000000000000000000000000000000',
    '0100000000000000',
    '',
    'b5d839330ac7b786578782fff6013b815b287c22493a364c',
  ],
  [
    'AES_256',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '',
    '',
    '07f5f4169bbf55a8400cd47ea6fd400f',
  ],
  [
    'AES_256',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0200000000000000',
    '01',
    '1de22967237a813291213f267e3b452f02d01ae33e4ec854',
  ],
];

for (const [spec, key, plaintext, aad, result] of gcmSiv) {
  test(`AES-GCM-SIV under ${spec}: ${result.slice(0, 8)}`, () => {
    const nonce = Buffer.concat([hex('03'), Buffer.alloc(11)]);
    const opened = open(
      'AES_GCM_SIV',
      openBytes(spec, hex(key)),
      Buffer.concat([nonce, hex(result)]),
      hex(aad),
    );
    assert.equal(Buffer.from(opened).toString('hex'), plaintext);
  });
}

const counterModes = [
  // NIST CAVP, KDFCTR_gen, PRF=HMAC_SHA256, CTRLOCATION=BEFORE_FIXED, RLEN=32_BITS, COUNT=0 and 30
  [
    'dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0',
    '01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac',
    '10621342bfb0fd40046c0e29f2cfdbf0',
  ],
  [
    'c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac',
    '1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacace6a5946542da3dfe24ff626b4897898cafb7db83bdff3c14fa46fd4b',
    '1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f12d0dd1152cf44430',
  ],
] as const;

for (const [key, fixed, expected] of counterModes) {
  test(`KBKDF counter mode: ${expected.slice(0, 8)}`, () => {
    const { key: derivationKey } = handleOf(openBytes('DERIVE_256', hex(key)));
    const derived = counterMode(sha256, derivationKey, hex(fixed), expected.length / 2);
    assert.equal(Buffer.from(derived).toString('hex'), expected);
  });
}
