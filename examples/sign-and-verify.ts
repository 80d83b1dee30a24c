// Signs a message in the server and verifies it twice: by the server, and offline with the public key alone.
// Run: . .claviger/credentials.env && node examples/sign-and-verify.ts
import { createPublicKey, verify } from 'node:crypto';
import { createClient } from '#sdk';

const { CLAVIGER_ADDR: address = 'http://127.0.0.1:8200', CLAVIGER_TOKEN: token = '' } = process.env;
const client = createClient({ address, token });

const key = await client.keys.create({ spec: 'ED25519', usage: 'sign', description: 'example: signatures' });
const message = Buffer.from('release 1.0');
const signature = await client.sign(key.id, message);

const byServer = await client.verify(key.id, message, signature);
const publicKey = createPublicKey({
  key: Buffer.from(await client.keys.publicKey(key.id)),
  format: 'der',
  type: 'spki',
});
const offline = verify(null, message, publicKey, signature);
const forged = await client.verify(key.id, Buffer.from('release 6.6'), signature);
console.log(`by the server: ${byServer}, offline: ${offline}, another message: ${forged}`);
