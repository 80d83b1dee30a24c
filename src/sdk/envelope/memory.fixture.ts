import { decryptStream, encryptStream } from './stream.ts';

// Encrypts and decrypts so many MiB in one pipe, and tells on stdout how far the process grew.

const mebibytes = Number(process.argv[2]);
const piece = Buffer.alloc(1 << 20, 7);
const dataKey = Buffer.alloc(32, 1);

async function* source(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < mebibytes; sent += 1) yield piece;
}

const file = encryptStream(source(), { plaintext: dataKey, ciphertext: Buffer.of(1) });
let bytes = 0;
for await (const part of decryptStream(file, async () => Buffer.from(dataKey))) bytes += part.length;
process.stdout.write(JSON.stringify({ bytes, rssMax: process.resourceUsage().maxRSS * 1024 }));
