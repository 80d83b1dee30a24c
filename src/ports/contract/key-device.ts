import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { hasCode } from '#domain';
import type { KeyDevice } from '../key-device.ts';

export type KeyDeviceFixture = {
  readonly device: KeyDevice;
  /** The same device, opened once more; the suite closes it. */
  again(): Promise<KeyDevice>;
  dispose(): Promise<void>;
};

/** The contract of the `KeyDevice` port, as a suite of `node:test`. */
export function keyDeviceContract(name: string, open: () => Promise<KeyDeviceFixture>, skip?: string): void {
  describe(`key device contract: ${name}`, { skip: skip ?? false }, () => {
    let fixture: KeyDeviceFixture;
    let device: KeyDevice;
    before(async () => {
      fixture = await open();
      device = fixture.device;
    });
    after(() => fixture.dispose());
    const words = Buffer.from('context');

    it('opens under a secret key what it sealed, with the same associated data alone', async () => {
      for (const spec of ['AES_128', 'AES_256'] as const) {
        const label = `test ${randomUUID()}`;
        assert.equal((await device.generate(label, spec, 'encrypt')).publicKey, null);
        const use = { label, spec, algorithm: 'AES_GCM' } as const;
        for (const length of [1, 32, 4096, 65_536]) {
          const plaintext = new Uint8Array(randomBytes(length));
          const sealed = await device.encrypt(use, plaintext, words);
          assert.equal(sealed.length, length + 28);
          const again = await fixture.again();
          assert.deepEqual(await again.decrypt(use, sealed, words), plaintext);
          await again.close();
          const wrong = (error: unknown) => hasCode(error, 'ciphertext-invalid');
          await assert.rejects(device.decrypt(use, sealed, Buffer.from('other')), wrong);
          const changed = new Uint8Array(sealed);
          changed[sealed.length - 1] = (changed[sealed.length - 1] ?? 0) ^ 1;
          await assert.rejects(device.decrypt(use, changed, words), wrong);
          await assert.rejects(device.decrypt(use, sealed.slice(0, 20), words), wrong);
        }
        await device.destroy(label);
      }
    });

    it('signs what the public key verifies', async () => {
      const wanted = [
        ['EC_P256', 'ECDSA_SHA_256', 'sha256'],
        ['EC_P384', 'ECDSA_SHA_384', 'sha384'],
        ['EC_P521', 'ECDSA_SHA_512', 'sha512'],
        ['RSA_2048', 'RSA_PKCS1_SHA_256', 'sha256'],
        ['RSA_2048', 'RSA_PSS_SHA_256', 'sha256'],
        ['RSA_2048', 'RSA_PSS_SHA_512', 'sha512'],
      ] as const;
      for (const [spec, algorithm, hash] of wanted) {
        assert.ok((await device.algorithms(spec, 'sign')).includes(algorithm));
        const label = `test ${randomUUID()}`;
        const { publicKey } = await device.generate(label, spec, 'sign');
        assert.ok(publicKey);
        const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
        const pss = algorithm.includes('PSS') ? { padding: 6, saltLength: -1 } : {};
        for (let round = 0; round < 8; round += 1) {
          const message = randomBytes(100);
          const signature = await device.sign(
            { label, spec, algorithm },
            createHash(hash).update(message).digest(),
          );
          assert.ok(verify(hash, message, { key, ...pss }, signature), algorithm);
        }
        await device.destroy(label);
      }
    });

    it('makes no second key of one label, and no key that it can not use', async () => {
      const label = `test ${randomUUID()}`;
      await device.generate(label, 'AES_256', 'encrypt');
      await assert.rejects(device.generate(label, 'AES_256', 'encrypt'), (error) =>
        hasCode(error, 'conflict'),
      );
      await device.destroy(label);
      assert.deepEqual(await device.algorithms('ED25519', 'sign'), []);
    });

    it('has nothing of a key that was destroyed, and destroys twice', async () => {
      const label = `test ${randomUUID()}`;
      await device.generate(label, 'EC_P256', 'sign');
      assert.deepEqual(await device.labels(label), [label]);
      await device.destroy(label);
      await device.destroy(label);
      assert.deepEqual(await device.labels(label), []);
      const use = { label, spec: 'EC_P256', algorithm: 'ECDSA_SHA_256' } as const;
      await assert.rejects(device.sign(use, Buffer.alloc(32)), (error) => hasCode(error, 'key-destroyed'));
    });

    it('is unavailable once it is closed', async () => {
      const closed = await fixture.again();
      await closed.close();
      await closed.close();
      await assert.rejects(closed.probe(), (error) => hasCode(error, 'root-unavailable'));
      await device.probe();
    });
  });
}
