import fs from 'node:fs';
import path from 'node:path';
import { signedHeaders } from '#crypto';
import { startTestServer, type TestServer } from '../../../test/servers.ts';

/** A second Claviger, a process of its own, as the service that wraps. */
export type KmsService = {
  readonly server: () => TestServer;
  readonly home: string;
  readonly port: number;
  readonly credentialsFile: string;
  /** Calls an operation of the AWS API, e.g. `CreateKey`. */
  call(action: string, input: object): Promise<Record<string, unknown>>;
  /** Makes a symmetric key; returns its ARN. */
  newKey(): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
};

export async function startKmsService(): Promise<KmsService> {
  let server = await startTestServer();
  const { home, env } = server;
  const port = Number(new URL(server.address).port);
  const credentialsFile = path.join(home, 'root-credentials');
  const id = env['AWS_ACCESS_KEY_ID'] ?? '';
  const secret = env['AWS_SECRET_ACCESS_KEY'] ?? '';
  fs.writeFileSync(credentialsFile, `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`, {
    mode: 0o600,
  });

  async function call(action: string, input: object): Promise<Record<string, unknown>> {
    const body = JSON.stringify(input);
    const headers = signedHeaders(
      {
        scope: { region: 'us-east-1', service: 'kms' },
        at: Date.now(),
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          host: new URL(server.address).host,
          'x-amz-target': `TrentService.${action}`,
        },
        body: Buffer.from(body),
      },
      { accessKeyId: id, secretAccessKey: Buffer.from(secret) },
    );
    const response = await fetch(`${server.address}/`, { method: 'POST', headers: { ...headers }, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  return {
    server: () => server,
    home,
    port,
    credentialsFile,
    call,
    async newKey() {
      const made = (await call('CreateKey', {}))['KeyMetadata'] as { Arn: string };
      return made.Arn;
    },
    async stop() {
      await server.stop();
    },
    async start() {
      server = await startTestServer({ home, port });
    },
    async dispose() {
      await server.stop('SIGKILL');
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}
