import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type vault from 'node-vault';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { answered, clientOf, fresh, refusal, type Body } from './node-vault.ts';

describe('node-vault, secrets', () => {
  let server: TestServer;
  let client: vault.client;

  before(async () => {
    server = await startTestServer();
    client = clientOf(server);
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  async function newMount(version: string): Promise<string> {
    const mount_point = fresh('kv');
    await client.mount({ mount_point, type: 'kv', options: { version } });
    const listed = (await client.mounts()) as Record<string, Body>;
    assert.deepEqual(listed[`${mount_point}/`]?.['options'], { version });
    return mount_point;
  }

  it('keeps versions', async () => {
    const at = await newMount('2');
    await client.write(`${at}/data/app/db`, { data: { password: 'one' } });
    await client.write(`${at}/data/app/db`, { data: { password: 'two' }, options: { cas: 1 } });
    const late = client.write(`${at}/data/app/db`, { data: { password: 'late' }, options: { cas: 1 } });
    await assert.rejects(late, refusal(400, /check-and-set parameter did not match the current version/));
    const now = await answered(client.read(`${at}/data/app/db`));
    assert.deepEqual(now.data['data'], { password: 'two' });
    const before = await answered(client.read(`${at}/data/app/db?version=1`));
    assert.deepEqual(before.data['data'], { password: 'one' });
    await client.update(`${at}/data/app/db`, { data: { user: 'u' } });
    const patched = await answered(client.read(`${at}/data/app/db`));
    assert.deepEqual(patched.data['data'], { password: 'two', user: 'u' });
    const listed = await answered(client.list(`${at}/metadata/app`));
    assert.deepEqual(listed.data['keys'], ['db']);
    await client.delete(`${at}/data/app/db`);
    await assert.rejects(client.read(`${at}/data/app/db`), refusal(404, /Status 404/));
    await client.write(`${at}/destroy/app/db`, { versions: [1] });
    await assert.rejects(client.read(`${at}/data/app/db?version=1`), refusal(404, /Status 404/));
  });

  it('keeps one value in version 1, and takes the engine away', async () => {
    const at = await newMount('1');
    await client.write(`${at}/plain`, { value: 'v' });
    assert.deepEqual((await answered(client.read(`${at}/plain`))).data, { value: 'v' });
    assert.deepEqual((await answered(client.list(at))).data['keys'], ['plain']);
    await client.unmount({ mount_point: at });
    await assert.rejects(client.read(`${at}/plain`), refusal(404, /no handler for route/));
  });
});
