// Rotates a key: what the first version encrypted still opens, a new version protects from now on, and re-encryption moves old
// ciphertexts over without showing the plaintext to anybody.
// Run: . .claviger/credentials.env && node examples/rotate.ts
import { ClavigerApiError, createClient } from '#sdk';

const { CLAVIGER_ADDR: address = 'http://127.0.0.1:8200', CLAVIGER_TOKEN: token = '' } = process.env;
const client = createClient({ address, token });

const key = await client.keys.create({ description: 'example: rotation' });
const old = await client.encrypt(key.id, Buffer.from('written before'));
const { currentVersion } = await client.keys.rotate(key.id);
const opened = Buffer.from(await client.decrypt(old)).toString();
const fresh = await client.reencrypt(old, { key: key.id });
await client.keys.reportCompromise(key.id, { version: 1 });
const refused = await client.decrypt(old).then(
  () => 'opened',
  (error: unknown) => (error instanceof ClavigerApiError ? error.code : 'failed'),
);
const moved = Buffer.from(await client.decrypt(fresh)).toString();
console.log(`version ${currentVersion} protects; ${opened}; compromised: ${refused}; moved: ${moved}`);
