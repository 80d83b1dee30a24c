import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { signedHeaders } from '../../bench/sign.ts';
import { diceOf, mutated, type Message } from '../../src/protocols/aws-kms/mutate.fixture.ts';
import { removeHome, startTestServer, type TestServer } from '../servers.ts';

type Answer = { readonly status: number; readonly type: string; readonly body: string };

const seed = Number(process.env['CLAVIGER_FUZZ_SEED'] ?? randomInt(2 ** 31));
const rounds = 400;
const answerMillisMax = 10_000;

describe('the AWS protocol over a socket', () => {
  let server: TestServer;
  let credentials: { id: string; secret: string };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  before(async () => {
    server = await startTestServer();
    const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' } = server.env;
    credentials = { id, secret };
  });
  after(async () => {
    agent.destroy();
    await server.stop();
    removeHome(server.home);
  });

  function send(options: http.RequestOptions, body: string | Buffer = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        `${server.address}/`,
        { method: 'POST', agent, timeout: answerMillisMax, ...options },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              type: response.headers['content-type'] ?? '',
              body: Buffer.concat(parts).toString(),
            }),
          );
          response.on('error', reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', reject);
      request.end(body);
    });
  }

  const sign = (target: string, body: string) => signedHeaders(server.address, target, body, credentials);

  async function call(
    operation: string,
    input: object = {},
    change: Record<string, string> = {},
  ): Promise<Answer> {
    const body = JSON.stringify(input);
    return send({ headers: { ...sign(`TrentService.${operation}`, body), ...change } }, body);
  }

  /** The answer's error type. */
  async function refusal(answer: Promise<Answer>): Promise<string> {
    const { status, body, type } = await answer;
    assert.equal(type, 'application/x-amz-json-1.1', body);
    return `${status} ${(JSON.parse(body) as { __type: string }).__type}`;
  }

  it('answers a signed request, and no other', async () => {
    assert.equal((await call('ListKeys')).status, 200);
    const { authorization = '', ...unsigned } = sign('TrentService.ListKeys', '{}');
    const sent = (headers: http.OutgoingHttpHeaders, body = '{}') => refusal(send({ headers }, body));
    assert.equal(await sent(unsigned), '400 MissingAuthenticationTokenException');
    assert.equal(await sent({ ...unsigned, authorization }, '{ }'), '400 InvalidSignatureException');
    assert.equal(
      await sent({ ...unsigned, authorization, 'x-amz-target': 'TrentService.CreateKey' }),
      '400 InvalidSignatureException',
    );
    assert.equal(
      await sent({ ...unsigned, authorization: authorization.replace('/kms/', '/s3/') }),
      '400 InvalidSignatureException',
    );
    assert.equal(
      await sent({ ...unsigned, authorization: authorization.replace('us-east-1', 'eu-west-1') }),
      '400 InvalidSignatureException',
    );
    assert.equal(
      await sent({ ...unsigned, authorization: authorization.replace(credentials.id, 'AKIANOBODY') }),
      '400 UnrecognizedClientException',
    );
    for (const broken of [
      'Bearer x',
      'AWS4-HMAC-SHA256',
      authorization.slice(0, -1),
      authorization.replace('host;', ''),
    ]) {
      assert.equal(await sent({ ...unsigned, authorization: broken }), '400 IncompleteSignatureException');
    }
    assert.equal(
      await sent({ ...unsigned, authorization, 'x-amz-security-token': 'x' }),
      '400 UnrecognizedClientException',
    );
  });

  it('refuses a request of another time', async () => {
    const old = { 'x-amz-date': '20200101T000000Z' };
    assert.match(
      await refusal(call('ListKeys', {}, old)),
      /^400 (InvalidSignature|IncompleteSignature)Exception$/,
    );
  });

  it('has nothing to say to other methods and paths', async () => {
    for (const options of [
      { method: 'GET' },
      { method: 'PUT' },
      { method: 'DELETE' },
      { path: '/kms' },
      { path: '//' },
    ]) {
      const { status } = await send(options);
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(options)}: ${status}`);
    }
  });

  it('does not read a body that is too large', async () => {
    const body = JSON.stringify({ KeyId: 'x'.repeat(300_000) });
    const headers = { ...sign('TrentService.Encrypt', body), 'content-length': String(body.length) };
    const answer = await send({ headers, agent: false }, body).catch((error: unknown) => error);
    // the connection may end before all is sent
    if (!(answer instanceof Error)) assert.equal((answer as Answer).status, 413);
    assert.equal((await call('ListKeys')).status, 200);
  });

  it('survives what is not HTTP', async () => {
    const { port } = new URL(server.address);
    for (const text of [
      '\r\n\r\n',
      'GET\r\n\r\n',
      'POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n',
      `POST / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      '\u0016\u0003\u0001',
    ]) {
      const socket = net.connect(Number(port), '127.0.0.1');
      const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('error', () => undefined);
      socket.end(text);
      socket.resume();
      await ended;
    }
    assert.equal((await call('ListKeys')).status, 200);
  });

  it(`answers ${rounds} mutated requests clearly (seed ${seed})`, async () => {
    const made = await call('CreateKey');
    const { KeyMetadata } = JSON.parse(made.body) as { KeyMetadata: { KeyId: string } };
    const { KeyId } = KeyMetadata;
    const requests: readonly (readonly [string, object])[] = [
      ['Encrypt', { KeyId, Plaintext: 'AAAA', EncryptionContext: { a: 'b' } }],
      ['Decrypt', { KeyId, CiphertextBlob: 'AAAA' }],
      ['GenerateDataKey', { KeyId, KeySpec: 'AES_256', DryRun: false }],
      ['DescribeKey', { KeyId, GrantTokens: [] }],
      ['ListKeys', { Limit: 2, Marker: 'x' }],
      ['TagResource', { KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }],
      ['CreateGrant', { KeyId, Operations: ['Encrypt'] }],
    ];
    const corpus = requests.map(
      ([operation, input]): Message => ({
        headers: ['x-amz-target', `TrentService.${operation}`],
        body: Buffer.from(JSON.stringify(input)),
      }),
    );
    const dice = diceOf(seed);
    const one = async (): Promise<void> => {
      const { headers, body } = mutated(dice.pick(corpus), corpus, dice);
      const text = body.toString('utf8');
      const target = (headers[1] ?? '').replace(/[^ -~]/g, '?').slice(0, 1000);
      const answer = await send({ headers: sign(target.trim(), text) }, text);
      if (answer.status === 200) return;
      assert.ok(
        answer.status >= 400 && answer.status < 500,
        `${target} ${text.slice(0, 2000)}: ${answer.status}`,
      );
      assert.match((JSON.parse(answer.body) as { __type: string }).__type, /^[A-Z][A-Za-z]+Exception$/);
    };
    for (let round = 0; round < rounds; round += 8) await Promise.all(Array.from({ length: 8 }, one));
  });
});
