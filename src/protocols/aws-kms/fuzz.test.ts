import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { it } from 'node:test';
import { requestsOf } from './every-operation.fixture.ts';
import { startKms, type Answer, type Kms } from './kms.fixture.ts';
import { diceOf, mutated, type Message } from './mutate.fixture.ts';
import { unservedShapes } from './unserved.ts';

const rounds = Number(process.env['CLAVIGER_FUZZ_ROUNDS'] ?? 4000);
const seed = Number(process.env['CLAVIGER_FUZZ_SEED'] ?? randomInt(2 ** 31));
const abreast = 32;

async function corpusOf(kms: Kms): Promise<readonly Message[]> {
  const served = await requestsOf(kms);
  const unserved = Object.keys(unservedShapes).map((operation) => ({ operation, input: { KeyId: 'x' } }));
  return [...served, ...unserved].map(({ operation, input }) => ({
    headers: ['x-amz-target', `TrentService.${operation}`],
    body: Buffer.from(JSON.stringify(input)),
  }));
}

/** An answer is a success, or a refusal in the shape that clients of AWS read. */
function requireClear({ status, headers, body }: Answer): void {
  assert.equal(headers['content-type'], 'application/x-amz-json-1.1');
  assert.match(headers['x-amzn-requestid'] ?? '', /^[0-9a-f-]{36}$/);
  if (status === 200) return;
  assert.ok(status >= 400 && status < 500, `status ${status}`);
  assert.match(String(body['__type']), /^[A-Z][A-Za-z]+Exception$/);
  assert.ok(body['message'] === undefined || typeof body['message'] === 'string');
}

it(`answers ${rounds} mutated requests clearly (seed ${seed})`, async (context) => {
  context.diagnostic(`repeat with CLAVIGER_FUZZ_SEED=${seed}`);
  const kms = await startKms();
  try {
    const corpus = await corpusOf(kms);
    const dice = diceOf(seed);
    const kinds = new Map<string, number>();
    const one = async (message: Message): Promise<void> => {
      const shown = () => `${message.headers.join(' ')} ${message.body.toString('utf8').slice(0, 2000)}`;
      const answer = await kms.send(message.headers, message.body).catch((error: unknown) => {
        throw new Error(`no answer to ${shown()}`, { cause: error });
      });
      try {
        requireClear(answer);
      } catch (error) {
        throw new Error(`${shown()}\nwas answered ${JSON.stringify(answer)}`, { cause: error });
      }
      const kind = String(answer.body['__type'] ?? 'success');
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    };
    for (let round = 0; round < rounds; round += abreast) {
      const wave = Array.from({ length: Math.min(abreast, rounds - round) }, () =>
        mutated(dice.pick(corpus), corpus, dice),
      );
      await Promise.all(wave.map(one));
    }
    context.diagnostic([...kinds].map(([kind, count]) => `${kind} ${count}`).join(', '));
    // the mutations reach behind the parser, and not only successes
    for (const kind of [
      'success',
      'SerializationException',
      'ValidationException',
      'UnsupportedOperationException',
      'NotFoundException',
    ]) {
      assert.ok((kinds.get(kind) ?? 0) > rounds / 1000, `${kind} came ${kinds.get(kind) ?? 0} times`);
    }
  } finally {
    await kms.close();
  }
});
