import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import vault from 'node-vault';
import type { TestServer } from '../../servers.ts';

export type Body = Record<string, unknown>;

/** A client of a server; with the first administrator's token where none is given. */
export function clientOf(server: TestServer, token = server.env['VAULT_TOKEN'] ?? ''): vault.client {
  return vault({ endpoint: server.address, token });
}

/** A name that nothing else has. */
export function fresh(word: string): string {
  return `${word}-${randomBytes(4).toString('hex')}`;
}

/** The answer to a request, which has `data`. */
export async function answered(request: Promise<unknown>): Promise<{ readonly data: Body }> {
  return (await request) as { data: Body };
}

/** Checks what the client throws where the server refuses. */
export function refusal(statusCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Error);
    const { response } = error as vault.ApiResponseError;
    assert.equal(response?.statusCode, statusCode, error.message);
    assert.match(error.message, message);
    return true;
  };
}
