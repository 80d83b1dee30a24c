import { createHash } from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import type { DeviceUse, KeyDevice } from '#ports';
import type { CheckedKey } from '../operation.ts';

/** At once under keys that this process opens; a promise under keys in a device. */
export type Later<T> = T | Promise<T>;

/** Goes on with a value at once where it is there already: nothing waits that need not. */
export function next<T, U>(value: Later<T>, work: (value: T) => U): Later<U> {
  return value instanceof Promise ? value.then(work) : work(value);
}

/** The device that holds a checked key's version, and what it is asked with. Throws `root-unavailable` where it is another one. */
export function deviceUse(
  { version, key, opened }: CheckedKey,
  algorithm: AlgorithmName,
): { readonly device: KeyDevice; readonly use: DeviceUse } {
  const { device } = opened;
  const place = version.device;
  if (!device || !place || device.describe().id !== place.id) {
    throw new ClavigerError(
      'root-unavailable',
      `Key ${key.id} lives in the device ${place?.id}, which is not the configured one: set CLAVIGER_DEVICE.`,
    );
  }
  return { device, use: { label: place.label, spec: key.spec, algorithm } };
}

/** Signs in the device: what it gets is a digest of the algorithm's hash. */
export async function signInDevice(
  target: CheckedKey,
  algorithm: AlgorithmName,
  { message, form }: { readonly message: Uint8Array; readonly form: string },
): Promise<Uint8Array> {
  const { device, use } = deviceUse(target, algorithm);
  const bits = /SHA_(256|384|512)$/.exec(algorithm)?.[1];
  if (bits === undefined || (form !== 'raw' && form !== 'digest')) {
    throw new ClavigerError('operation-unsupported', `The device does not sign by ${algorithm} as ${form}.`);
  }
  const digest = form === 'digest' ? message : createHash(`sha${bits}`).update(message).digest();
  if (digest.length !== Number(bits) / 8)
    throw new ClavigerError('input-invalid', `The message must have ${Number(bits) / 8} bytes here.`);
  return device.sign(use, digest);
}
