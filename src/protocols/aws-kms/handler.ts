import { keyArn, type Caller, type Door, type KeyReference, type Operation } from '#operations';
import type { AlgorithmName, Key } from '#domain';
import { unsupported, AwsError } from './aws-error.ts';
import { keyReference } from './identifiers.ts';
import { algorithmOf } from './specs.ts';
import type { Input } from './validate.ts';

/** What a handler works with: the checked request, and the door. */
export type Request = {
  readonly input: Input;
  readonly accountId: string;
  readonly region: string;
  readonly run: <I, O>(operation: Operation<I, O>, input: I) => Promise<O>;
};

/** Answers one operation: an object to be written as JSON, JSON that is written already, or nothing. */
export type Handler = (request: Request) => Promise<object | string | null>;

export function requestOf(door: Door, caller: Caller, input: Input): Request {
  const { accountId, region } = caller;
  return { input, accountId, region, run: (operation, wish) => door.run(operation, caller, wish) };
}

/** The key that a cryptographic request names, in whatever form. */
export function anyKey({ input }: Request, member = 'KeyId'): KeyReference {
  return keyReference(input.text(member) ?? '', 'any');
}

/** The key that a request names, or null where it names none. */
export function optionalKey({ input }: Request, member = 'KeyId'): KeyReference | null {
  const text = input.text(member);
  return text === null ? null : keyReference(text, 'any');
}

/** The key that a management request names: by its id or ARN only. */
export function keyOnly({ input }: Request, member = 'KeyId'): KeyReference {
  return keyReference(input.text(member) ?? '', 'key-only');
}

export function arnOf(request: Request, key: Key): string {
  return keyArn(request.accountId, key);
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes that are secret, as base64; wiped once they are written. */
export function base64AndWipe(bytes: Uint8Array): string {
  const text = base64(bytes);
  bytes.fill(0);
  return text;
}

/** The algorithm that a request names. */
export function algorithmIn({ input }: Request, member: string): AlgorithmName | null {
  return algorithmOf(input.text(member));
}

/** Refuses what belongs to Nitro enclaves and grants, which are not served. */
export function requireServed({ input }: Request): void {
  if (input.has('Recipient')) throw unsupported('Recipient (Nitro enclaves) is not supported here.');
  if (input.list('GrantTokens').length > 0) {
    throw new AwsError('InvalidGrantTokenException', 'The grant token is not one of this server.');
  }
}
