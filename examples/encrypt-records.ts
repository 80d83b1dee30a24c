// Encrypts many small records with few calls: a data key is used for a bounded number of records and a bounded time, then replaced.
// Run: . .claviger/credentials.env && node examples/encrypt-records.ts
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createClient, type DataKey } from '#sdk';

const { CLAVIGER_ADDR: address = 'http://127.0.0.1:8200', CLAVIGER_TOKEN: token = '' } = process.env;
const client = createClient({ address, token });
const key = await client.keys.create({ description: 'example: records' });
const context = { table: 'customers' };

type SealedRecord = { readonly wrappedKey: Uint8Array; readonly nonce: Buffer; readonly sealed: Buffer };

const recordsMax = 1000;
const ageMillisMax = 60_000;
let current: { dataKey: DataKey; records: number; since: number } | null = null;
let calls = 0;

/** The data key of now; an old one is wiped. */
async function currentDataKey(): Promise<DataKey> {
  if (current && current.records < recordsMax && Date.now() - current.since < ageMillisMax) {
    current.records += 1;
    return current.dataKey;
  }
  current?.dataKey.plaintext.fill(0);
  calls += 1;
  current = { dataKey: await client.dataKey(key.id, context), records: 1, since: Date.now() };
  return current.dataKey;
}

/** The id of the record is authenticated, so that no record can stand in the place of another. */
async function seal(id: string, record: string): Promise<SealedRecord> {
  const { plaintext, ciphertext } = await currentDataKey();
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', plaintext, nonce).setAAD(Buffer.from(id));
  const sealed = Buffer.concat([cipher.update(record, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { wrappedKey: ciphertext, nonce, sealed };
}

async function open(id: string, { wrappedKey, nonce, sealed }: SealedRecord): Promise<string> {
  const dataKey = await client.decrypt(wrappedKey, context);
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(id));
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString('utf8');
  } finally {
    dataKey.fill(0);
  }
}

const records = new Map<string, SealedRecord>();
for (let number = 1; number <= 2500; number += 1)
  records.set(`customer-${number}`, await seal(`customer-${number}`, `name ${number}`));
const [first] = [...records];
if (!first || (await open(...first)) !== 'name 1') throw new Error('another record came back');
const moved = await open('customer-2', first[1]).catch(() => null);
if (moved !== null) throw new Error('a record was moved and nobody noticed');
console.log(`sealed ${records.size} records with ${calls} data keys`);
