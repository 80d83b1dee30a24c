import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { hasCode } from '#domain';
import { anyRegion, operations, type Caller } from '#operations';
import { compose, type Composition } from './compose.ts';
import { configOf, readCredentials, recordingLogger, temporaryFolder } from './home.fixture.ts';

async function node(test: TestContext, home: string, name: string): Promise<Composition> {
  const config = configOf(home, { CLAVIGER_NODE: name });
  const composition = await compose({ config, logger: recordingLogger().logger, worker: 0 });
  test.after(() => composition.close());
  return composition;
}

const bearer = (token: string) => ({ rawHeaders: ['Authorization', `Bearer ${token}`] });

/** The first administrator, as a protocol would hand it over. */
async function administrator({ authenticator, newRequestId }: Composition, home: string): Promise<Caller> {
  const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
  const { principal, accountId } = await authenticator.bearer(bearer(token));
  return {
    principal,
    accountId,
    region: anyRegion,
    protocol: 'native',
    protocolOperation: '-',
    sourceAddress: '-',
    userAgent: '-',
    secureTransport: true,
    requestId: newRequestId(),
  };
}

async function newUser(at: Composition, admin: Caller, name: string): Promise<string> {
  const asked = (): Caller => ({ ...admin, requestId: at.newRequestId() });
  const wish = { name, kind: 'service' as const, roles: ['user' as const] };
  await at.door.run(operations.createPrincipal, asked(), wish);
  const { token } = await at.door.run(operations.createToken, asked(), { principal: name });
  return token;
}

it('a credential that one node deletes is not accepted by another that had nothing to do for long', async (test) => {
  const home = temporaryFolder(test);
  const [one, other] = [await node(test, home, 'one'), await node(test, home, 'other')];
  const admin = await administrator(one, home);
  const tokens = [await newUser(one, admin, 'leaver'), await newUser(one, admin, 'disabled')];
  for (const token of tokens) await other.authenticator.bearer(bearer(token));
  const [leaver = '', disabled = ''] = tokens;
  const { credentialId: id } = await one.authenticator.bearer(bearer(leaver));
  await one.door.run(
    operations.deleteCredential,
    { ...admin, requestId: one.newRequestId() },
    { principal: 'leaver', id },
  );
  await one.door.run(
    operations.setPrincipal,
    { ...admin, requestId: one.newRequestId() },
    { name: 'disabled', roles: null, disabled: true },
  );
  // the other node has not looked at the store for two seconds
  const real = performance.now.bind(performance);
  test.mock.method(performance, 'now', () => real() + 2000);
  for (const token of [leaver, disabled]) {
    await assert.rejects(other.authenticator.bearer(bearer(token)), (error) =>
      hasCode(error, 'credential-unknown'),
    );
  }
});
