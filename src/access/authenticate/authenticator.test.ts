import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError, type ErrorCode, type Principal } from '#domain';
import { createAuthenticator } from './authenticator.ts';
import type { CredentialSource } from './found.ts';
import { accessKeyId, secret, signedAt, signRequest, withHeader } from './sign.fixture.ts';
import type { SignedRequest } from './sigv4.ts';
import { newAccessKey, newToken, tokenId } from './token.ts';

const principal: Principal = {
  id: 'p1',
  environment: 'production',
  name: 'ci',
  kind: 'service',
  roles: ['user'],
  createdAt: 0,
  disabled: false,
};

type Stored = { principal: Principal; accountId: string; expiresAt: number | null };

/** A source over plain maps that counts what it is asked and can be held up in the middle of an answer. */
function houseOf() {
  const keys = new Map<string, Stored & { secret: string }>();
  const tokens = new Map<string, Stored>();
  const handedOut: Uint8Array[] = [];
  let asked = 0;
  let gate: Promise<void> | null = null;
  const source: CredentialSource = {
    async accessKey(id) {
      asked += 1;
      const found = keys.get(id);
      await gate;
      if (!found) return null;
      const copy = Buffer.from(found.secret);
      handedOut.push(copy);
      return { ...found, secret: copy };
    },
    async token(id) {
      asked += 1;
      const found = tokens.get(id) ?? null;
      await gate;
      return found;
    },
  };
  let now = signedAt;
  const authenticator = createAuthenticator({ source, clock: { now: () => now } });
  const good: Stored = { principal, accountId: '111122223333', expiresAt: null };
  keys.set(accessKeyId, { ...good, secret });
  return {
    keys,
    tokens,
    handedOut,
    authenticator,
    good,
    asked: () => asked,
    holdUp: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    setTime: (at: number) => {
      now = at;
    },
    sigv4: async (request: SignedRequest) => authenticator.sigv4(request, ['kms']),
    bearer: (token: string) => authenticator.bearer({ rawHeaders: ['Authorization', `Bearer ${token}`] }),
  };
}

const refused = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof ClavigerError, String(error));
  assert.equal(error.code, code);
  return true;
};

async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ClavigerError);
    return { code: error.code, message: error.message };
  }
  return assert.fail('nothing was refused');
}

describe('a signed request', () => {
  it('is recognised, with the region of its scope', async () => {
    const house = houseOf();
    assert.deepEqual(await house.sigv4(signRequest({ region: 'eu-west-1' })), {
      principal,
      accountId: '111122223333',
      region: 'eu-west-1',
      credentialId: accessKeyId,
      method: 'sigv4',
    });
  });

  it('is looked up once for each scope, and its secret is wiped', async () => {
    const house = houseOf();
    for (let count = 0; count < 3; count += 1) await house.sigv4(signRequest());
    assert.equal(house.asked(), 1);
    await house.sigv4(signRequest({ region: 'eu-west-1' }));
    assert.equal(house.asked(), 2);
    assert.equal(house.handedOut.length, 2);
    for (const copy of house.handedOut) assert.ok(copy.every((byte) => byte === 0));
  });

  it('for another service is told so, as AWS does', async () => {
    const work = houseOf().sigv4(signRequest({ service: 'sts' }));
    assert.deepEqual(await failure(work), {
      code: 'signature-mismatch',
      message: "Credential should be scoped to correct service: 'kms'.",
    });
  });

  it('of an unknown, a deleted and a disabled caller is refused in the same words', async () => {
    const house = houseOf();
    const unknown = await failure(house.sigv4(signRequest({ accessKeyId: 'AKIDNOBODY' })));
    assert.equal(unknown.code, 'credential-unknown');
    house.keys.set(accessKeyId, { ...house.good, secret, principal: { ...principal, disabled: true } });
    assert.deepEqual(await failure(house.sigv4(signRequest())), unknown);
    house.keys.delete(accessKeyId);
    assert.deepEqual(await failure(house.sigv4(signRequest())), unknown);
    assert.deepEqual(
      await failure(house.sigv4(withHeader(signRequest(), 'X-Amz-Security-Token', 't'))),
      unknown,
    );
  });

  it('with a wrong signature does not learn that its caller is disabled or expired', async () => {
    const house = houseOf();
    house.keys.set(accessKeyId, { ...house.good, secret, principal: { ...principal, disabled: true } });
    await assert.rejects(house.sigv4(signRequest({ secret: 'x' })), refused('signature-mismatch'));
  });

  it('of an unknown caller that is malformed is refused as malformed, like one of a known caller', async () => {
    const house = houseOf();
    for (const id of [accessKeyId, 'AKIDNOBODY']) {
      const request = withHeader(
        signRequest({ accessKeyId: id, headers: [['X-Amz-Meta', 'a']] }),
        'X-Amz-Meta',
        null,
      );
      await assert.rejects(house.sigv4(request), refused('input-invalid'));
    }
  });

  it('is refused from the moment its credential expires', async () => {
    const house = houseOf();
    house.keys.set(accessKeyId, { ...house.good, secret, expiresAt: signedAt + 1000 });
    await house.sigv4(signRequest());
    house.setTime(signedAt + 999);
    await house.sigv4(signRequest());
    house.setTime(signedAt + 1000);
    await assert.rejects(house.sigv4(signRequest()), refused('credential-expired'));
  });

  it('that is wrong takes no room: it can not push out the scopes of those who proved themselves', async () => {
    const house = houseOf();
    await house.sigv4(signRequest());
    for (let count = 0; count < 20; count += 1) {
      const forged = signRequest({ region: `nowhere-${count}`, secret: 'wrong' });
      await assert.rejects(house.sigv4(forged), refused('signature-mismatch'));
    }
    const before = house.asked();
    await house.sigv4(signRequest());
    assert.equal(house.asked(), before);
  });
});

describe('what is cached', () => {
  it('is forgotten by credential, by principal, and altogether', async () => {
    for (const entity of [`credential:${accessKeyId}`, 'principal:p1', null]) {
      const house = houseOf();
      await house.sigv4(signRequest());
      house.keys.delete(accessKeyId);
      await house.sigv4(signRequest());
      house.authenticator.invalidate('credential:OTHER');
      house.authenticator.invalidate('principal:p2');
      house.authenticator.invalidate(`key:${accessKeyId}`);
      await house.sigv4(signRequest());
      if (entity === null) house.authenticator.invalidateAll();
      else house.authenticator.invalidate(entity);
      await assert.rejects(house.sigv4(signRequest()), refused('credential-unknown'));
    }
  });

  it('never is what was looked up before an invalidation', async () => {
    const house = houseOf();
    const token = newToken();
    house.tokens.set(tokenId(token), house.good);
    const letGo = house.holdUp();
    const early = [house.sigv4(signRequest()), house.bearer(token)];
    house.keys.clear();
    house.tokens.clear();
    house.authenticator.invalidate(`credential:${accessKeyId}`);
    letGo();
    await Promise.allSettled(early);
    await assert.rejects(house.sigv4(signRequest()), refused('credential-unknown'));
    await assert.rejects(house.bearer(token), refused('credential-unknown'));
  });

  it('has a bound', async () => {
    const house = houseOf();
    for (let count = 0; count < 40; count += 1) await house.sigv4(signRequest({ region: `r-${count}` }));
    const before = house.asked();
    await house.sigv4(signRequest({ region: 'r-0' }));
    assert.equal(house.asked(), before + 1);
  });
});

describe('a bearer token', () => {
  it('is recognised, cached and forgotten', async () => {
    const house = houseOf();
    const token = newToken();
    house.tokens.set(tokenId(token), house.good);
    const found = await house.bearer(token);
    assert.deepEqual([found.principal, found.region, found.method], [principal, null, 'token']);
    await house.bearer(token);
    assert.equal(house.asked(), 1);
    house.tokens.clear();
    house.authenticator.invalidate(`credential:${tokenId(token)}`);
    await assert.rejects(house.bearer(token), refused('credential-unknown'));
  });

  it('of a disabled principal or past its time is refused', async () => {
    const house = houseOf();
    const [disabled, expired] = [newToken(), newToken()];
    house.tokens.set(tokenId(disabled), { ...house.good, principal: { ...principal, disabled: true } });
    house.tokens.set(tokenId(expired), { ...house.good, expiresAt: signedAt });
    await assert.rejects(house.bearer(disabled), refused('credential-unknown'));
    await assert.rejects(house.bearer(expired), refused('credential-expired'));
    await assert.rejects(house.bearer(newToken()), refused('credential-unknown'));
  });

  it('must have the form of one', async () => {
    const { authenticator } = houseOf();
    for (const value of [
      '',
      'Bearer',
      'Bearer ',
      'Bearer short',
      'Basic YTpi',
      'Bearer a b',
      `Bearer ${'x'.repeat(8193)}`,
    ]) {
      await assert.rejects(
        authenticator.bearer({ rawHeaders: ['Authorization', value] }),
        refused('not-authenticated'),
      );
    }
    await assert.rejects(authenticator.bearer({ rawHeaders: [] }), refused('not-authenticated'));
    const twice = ['Authorization', `Bearer ${newToken()}`, 'authorization', `Bearer ${newToken()}`];
    await assert.rejects(authenticator.bearer({ rawHeaders: twice }), refused('input-invalid'));
  });
});

describe('fresh credentials', () => {
  it('have the forms that clients know, and never repeat', () => {
    const seen = new Set<string>();
    for (let count = 0; count < 200; count += 1) {
      const { accessKeyId: id, secretAccessKey } = newAccessKey();
      const token = newToken();
      assert.match(id, /^AKIA[A-Z2-7]{16}$/);
      assert.match(secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
      assert.match(token, /^clv_[A-Za-z0-9_-]{43}$/);
      for (const value of [id, secretAccessKey, token]) seen.add(value);
    }
    assert.equal(seen.size, 600);
  });

  it('are kept as hashes where they are tokens', () => {
    assert.equal(tokenId('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
