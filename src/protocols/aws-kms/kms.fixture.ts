import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Authenticated } from '#access';
import type { Clock, HttpProtocol } from '#ports';
import { compose, createLogger, loadConfig, type Composition } from '#server';
import { createAwsKms } from './index.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The protocol over a real door, with its own stores in a folder of its own; only the signature is taken on trust. */
export type Kms = {
  readonly composition: Composition;
  readonly protocol: HttpProtocol;
  readonly accountId: string;
  readonly region: string;
  /** Sends bytes as they are. */
  readonly send: (headers: readonly string[], body: Uint8Array | string) => Promise<Answer>;
  /** Calls an operation, in a region if one is given. */
  readonly call: (operation: string, input?: object, region?: string) => Promise<Answer>;
  /** Calls an operation that must succeed. */
  readonly ask: <T = Record<string, never>>(operation: string, input?: object) => Promise<T>;
  /** Calls an operation that must be refused: `Type: message`. */
  readonly refusal: (operation: string, input?: object, region?: string) => Promise<string>;
  /** Makes a key; its ARN. */
  readonly newKey: (spec?: string, usage?: string, more?: object) => Promise<string>;
  readonly close: () => Promise<void>;
};

const region = 'us-east-1';

async function administrator(composition: Composition): Promise<Authenticated> {
  const { store, accountOf } = composition.house;
  const environment = composition.report.environments[0]?.name ?? '';
  const principal = await store.principalByName(environment, 'admin');
  if (!principal) throw new Error('a fresh store has an administrator');
  const accountId = await accountOf(environment);
  return { principal, accountId, region, credentialId: 'AKIATEST', method: 'sigv4' };
}

export async function startKms(options: { clock?: Clock } = {}): Promise<Kms> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-kms-'));
  const config = loadConfig({ env: { CLAVIGER_HOME: home, CLAVIGER_LOG_LEVEL: 'silent' } });
  const composition = await compose({ config, logger: createLogger('silent'), worker: 0, ...options });
  const who = await administrator(composition);
  let asked = region;
  const protocol = createAwsKms({
    door: composition.door,
    newRequestId: composition.newRequestId,
    authenticate: () => ({ ...who, region: asked }),
  });

  async function send(rawHeaders: readonly string[], body: Uint8Array | string): Promise<Answer> {
    const answer = await protocol.handle({
      method: 'POST',
      path: '/',
      query: '',
      rawHeaders,
      headers: {},
      body: Buffer.from(body),
      remoteAddress: '127.0.0.1',
      secure: false,
      receivedAt: composition.house.clock.now(),
    });
    const text = Buffer.from(answer.body).toString();
    return { ...answer, body: JSON.parse(text) as Answer['body'] };
  }

  async function call(operation: string, input: object = {}, where = region): Promise<Answer> {
    asked = where;
    return send(['x-amz-target', `TrentService.${operation}`], JSON.stringify(input));
  }

  async function ask<T>(operation: string, input: object = {}): Promise<T> {
    const { status, body } = await call(operation, input);
    if (status !== 200) throw new Error(`${operation}: ${JSON.stringify(body)}`);
    return body as T;
  }

  return {
    composition,
    protocol,
    accountId: who.accountId,
    region,
    send,
    call,
    ask,
    async refusal(operation, input, where) {
      const { status, body } = await call(operation, input, where);
      const message = body['message'];
      const said = typeof message === 'string' ? message : '';
      return status === 400 ? `${String(body['__type'])}: ${said}` : `${status} ${JSON.stringify(body)}`;
    },
    async newKey(spec = 'SYMMETRIC_DEFAULT', usage = 'ENCRYPT_DECRYPT', more = {}) {
      const made = await ask<{ KeyMetadata: { Arn: string } }>('CreateKey', {
        KeySpec: spec,
        KeyUsage: usage,
        ...more,
      });
      return made.KeyMetadata.Arn;
    },
    async close() {
      await composition.close();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}
