// Encrypts a file of any size and decrypts it again, in constant memory. The key stays in the server; the file carries its own
// data key, wrapped. Run: . .claviger/credentials.env && node examples/encrypt-a-file.ts README.md
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createClient, decryptStream, encryptStream } from '#sdk';

const { CLAVIGER_ADDR: address = 'http://127.0.0.1:8200', CLAVIGER_TOKEN: token = '' } = process.env;
const file = process.argv[2] ?? 'README.md';
const client = createClient({ address, token });

const key = await client.keys.create({ description: 'example: files' });
const context = { file: 'example' };

const dataKey = await client.dataKey(key.id, context);
try {
  await pipeline(
    encryptStream(createReadStream(file), dataKey, context),
    createWriteStream(`${file}.enc`, { mode: 0o600 }),
  );
} finally {
  dataKey.plaintext.fill(0);
}

// every chunk that arrives is authentic; that it is whole is known only at the end
await pipeline(
  decryptStream(createReadStream(`${file}.enc`), (wrapped, told) => client.decrypt(wrapped, told)),
  createWriteStream(`${file}.dec`, { mode: 0o600 }),
);
console.log(`encrypted and decrypted ${file} under key ${key.id}`);
