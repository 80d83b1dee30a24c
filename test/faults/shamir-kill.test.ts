import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { claviger, giveShares, initShares, sealStatus, sharesIn } from '../custodians.ts';
import { freePort, newHome, removeHome } from '../servers.ts';
import { asker, credentialsOf, killNodes, spawnNode, until } from './node.ts';

after(killNodes);

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 5);
const pause = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

async function startSealed(home: string, port: number) {
  const node = spawnNode(home, port, { CLAVIGER_ROOT: 'shamir:', CLAVIGER_LOG_LEVEL: 'warn' });
  await until(async () => node.hasEnded() || (await sealStatus(node.address)) !== null, 'it listens');
  assert.equal(node.hasEnded(), false, node.output());
  const status = await sealStatus(node.address);
  return { node, setId: status?.setId ?? '' };
}

describe('kill -9 of an init in shares', () => {
  it(`leaves shares that work, or an init that can be repeated, ${rounds} times`, {
    timeout: 3_600_000,
  }, async () => {
    const port = await freePort();
    for (let round = 0; round < rounds; round += 1) {
      const [home, folder] = [newHome(), path.join(newHome(), 'shares')];
      const init = ['init', '--shares', '5', '--threshold', '3', '--out-dir', folder];
      for (let cut = 0; cut < 2; cut += 1) await claviger(home, init, { killAfter: 250 + randomInt(900) });
      const whole = await claviger(home, init);
      assert.equal(whole.code, 0, whole.stderr);
      const { node, setId } = await startSealed(home, port);
      const shares = sharesIn(folder).get(setId) ?? [];
      assert.equal(shares.length, 5, 'the shares of the set that is asked for were given out');
      assert.equal((await giveShares(node.address, shares.slice(2))).body['sealed'], false);
      const made = await asker(node.address, credentialsOf(home)).aws('CreateKey', {});
      assert.equal(made.status, 200, JSON.stringify(made.body));
      await node.kill();
      removeHome(home);
      removeHome(path.dirname(folder));
    }
  });
});

describe('kill -9 of a rekey', () => {
  it(`leaves the old set or the new one, ${rounds} times`, { timeout: 3_600_000 }, async () => {
    const [home, port] = [newHome(), await freePort()];
    let shares = await initShares(home);
    let ciphertext: unknown = null;
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const { node, setId } = await startSealed(home, port);
      assert.equal((await giveShares(node.address, shares.slice(-3))).body['sealed'], false);
      const { native, aws } = asker(node.address, credentialsOf(home));
      if (ciphertext === null) {
        const { body } = await aws('CreateKey', {});
        const { KeyId } = body['KeyMetadata'] as { KeyId: string };
        ciphertext = (await aws('Encrypt', { KeyId, Plaintext: 'AAAA' })).body['CiphertextBlob'];
      }
      assert.equal((await aws('Decrypt', { CiphertextBlob: ciphertext })).body['Plaintext'], 'AAAA');
      const fresh: string[] = [];
      let answered = 0;
      const told = async (place: string, body: object) => {
        const answer = await native('POST', place, body);
        answered += 1;
        return answer.body;
      };
      const rekeying = (async () => {
        const { rekeyId } = await told('/root/rekeys', { shares: 5, threshold: 3 });
        const at = `/root/rekeys/${String(rekeyId)}`;
        for (const share of shares.slice(0, 3)) {
          const { newShares } = await told(`${at}/authorise`, { share });
          if (newShares) fresh.push(...(newShares as string[]));
        }
        for (const share of fresh) await told(`${at}/confirm`, { share });
      })();
      const over = rekeying.then(
        () => 'done',
        () => 'cut',
      );
      // nine requests, of which the last one is the switch
      const wanted = Math.min(9, randomInt(14));
      await until(() => answered >= Math.min(8, wanted), 'so many answers');
      await pause(wanted === 9 ? 30 : randomInt(12));
      await node.kill();
      const outcome = await over;
      const again = await startSealed(home, port);
      const isNew = again.setId !== setId;
      seen.add(isNew ? 'new' : 'old');
      if (outcome === 'done') assert.ok(isNew, 'what was answered stands');
      if (isNew) assert.equal(fresh[0]?.split(':')[1], again.setId);
      const [stands, gone] = isNew ? [fresh, shares] : [shares, fresh];
      if (gone.length > 0)
        assert.equal((await giveShares(again.node.address, gone.slice(0, 1))).body['code'], 'share-foreign');
      shares = stands;
      await again.node.kill();
    }
    if (rounds >= 40) assert.deepEqual([...seen].sort(), ['new', 'old']);
    removeHome(home);
  });
});
