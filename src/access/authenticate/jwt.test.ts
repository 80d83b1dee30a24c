import assert from 'node:assert/strict';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { isKeySet, jwtAlgorithms, readPublicPem, verifyJwt, type JwtKeys } from './jwt.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function token(claims: unknown, header: object = { alg: 'ES256' }, key: KeyObject = ec.privateKey): string {
  const text = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const given: JwtKeys = { kind: 'keys', keys: [other.publicKey, ec.publicKey] };
const jwk = ec.publicKey.export({ format: 'jwk' });
const good = token({ sub: 'a' });

describe('the signature of a JWT', () => {
  it('is verified by the key that fits, whichever it is', async () => {
    assert.deepEqual(await verifyJwt(good, given, jwtAlgorithms), { claims: { sub: 'a' }, fault: null });
    const set: JwtKeys = { kind: 'set', set: { keys: [other.publicKey.export({ format: 'jwk' }), jwk] } };
    assert.deepEqual(await verifyJwt(good, set, jwtAlgorithms), { claims: { sub: 'a' }, fault: null });
  });

  it('is tried with each key of a set that could be the one', async () => {
    const second = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = [second.publicKey.export({ format: 'jwk' }), jwk];
    const set: JwtKeys = { kind: 'set', set: { keys } };
    assert.equal((await verifyJwt(good, set, jwtAlgorithms)).fault, null);
    const third = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const foreign = token({}, { alg: 'ES256' }, third.privateKey);
    assert.equal((await verifyJwt(foreign, set, jwtAlgorithms)).fault, 'signature');
  });

  it('names a key, and a set without it says so', async () => {
    const set: JwtKeys = { kind: 'set', set: { keys: [{ ...jwk, kid: 'one' }] } };
    const named = token({}, { alg: 'ES256', kid: 'two' });
    assert.equal((await verifyJwt(named, set, jwtAlgorithms)).fault, 'unknown-key');
    assert.equal((await verifyJwt(token({}, { alg: 'ES256', kid: 'one' }), set, jwtAlgorithms)).fault, null);
  });

  it('has an algorithm that is allowed, and never one of a shared secret', async () => {
    assert.equal((await verifyJwt(good, given, ['RS256'])).fault, 'algorithm');
    const secret = Buffer.from('secret');
    const set: JwtKeys = { kind: 'set', set: { keys: [{ kty: 'oct', k: secret.toString('base64url') }] } };
    const text = `${part({ alg: 'HS256' })}.${part({})}`;
    const code = createHmac('sha256', secret).update(text).digest('base64url');
    const smuggled = ['HS256', 'none'] as unknown as typeof jwtAlgorithms;
    for (const allowed of [jwtAlgorithms, smuggled])
      assert.equal((await verifyJwt(`${text}.${code}`, set, allowed)).fault, 'algorithm');
    assert.equal(
      (await verifyJwt(`${part({ alg: 'none' })}.${part({})}.`, given, smuggled)).fault,
      'algorithm',
    );
  });

  it('of a payload that is no JSON object gives nothing', async () => {
    for (const payload of [7, 'x', null, [1]])
      assert.equal((await verifyJwt(token(payload), given, jwtAlgorithms)).fault, 'malformed');
  });

  it('with a header that must be understood and is not gives nothing', async () => {
    const critical = token({}, { alg: 'ES256', crit: ['x'], x: 1 });
    assert.notEqual((await verifyJwt(critical, given, jwtAlgorithms)).fault, null);
  });

  it('never throws, and takes no text but the one that was signed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.constantFrom(...'AZaz09-_.=+ é'.split('')),
        async (at, character) => {
          const changed = `${good.slice(0, at)}${character}${good.slice(at + 1)}`;
          const { claims } = await verifyJwt(changed, given, jwtAlgorithms);
          // the last character of a signature has bits that stand for nothing
          if (changed !== good && at < good.length - 1) assert.equal(claims, null, changed);
        },
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (a, b, c) => {
        for (const text of [a, `${a}.${b}.${c}`, `${part({ alg: a })}.${b}.${c}`])
          assert.equal((await verifyJwt(text, given, jwtAlgorithms)).claims, null);
      }),
      { numRuns: 200 },
    );
  });

  it('is not looked for in a set of strange keys, which verify nothing', async () => {
    for (const keys of [[{}], [{ kty: 'EC' }], [{ kty: 'RSA', n: 'AQ', e: 'AQ' }], []]) {
      const { claims } = await verifyJwt(good, { kind: 'set', set: { keys } }, jwtAlgorithms);
      assert.equal(claims, null);
    }
  });
});

describe('public keys', () => {
  it('are read from PEM, and private ones are refused', () => {
    const pem = ec.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    assert.ok(readPublicPem(`\n${pem}`).equals(createPublicKey(pem)));
    const secret = ec.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    assert.ok(createPrivateKey(secret));
    for (const bad of [secret, '', 'x', pem.replace('M', '!')])
      assert.throws(
        () => readPublicPem(bad),
        (error: unknown) => hasCode(error, 'input-invalid'),
      );
  });

  it('in sets are objects in a list', () => {
    assert.ok(isKeySet({ keys: [] }));
    for (const bad of [null, [], 7, {}, { keys: {} }, { keys: [1] }, { keys: [[]] }])
      assert.ok(!isKeySet(bad));
  });
});
