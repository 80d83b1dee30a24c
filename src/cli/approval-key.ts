import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CliError, exitCodes } from './exit.ts';

/** Where the key is by which one approves, unless it is said otherwise. */
export function usualKeyFile(): string {
  const { XDG_CONFIG_HOME: configHome } = process.env;
  return path.join(configHome || path.join(os.homedir(), '.config'), 'claviger', 'approval.key');
}

/** Reads a private key in a file that is its owner's alone. */
export function readApprovalKey(file: string): KeyObject {
  const content = Buffer.allocUnsafeSlow(4096);
  try {
    const handle = fs.openSync(file, 'r');
    try {
      const { mode } = fs.fstatSync(handle);
      if ((mode & 0o077) !== 0)
        throw new CliError(
          exitCodes.usage,
          `${file} can be read by others: who has it approves in your name.`,
          `make a new one if others may have it, else chmod 600 ${file}`,
        );
      const length = fs.readSync(handle, content);
      const key = createPrivateKey(content.subarray(0, length));
      if (key.asymmetricKeyType !== 'ed25519') throw new Error('another kind of key');
      return key;
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new CliError(exitCodes.notFound, `There is no file ${file}.`, 'claviger approval enroll');
    throw new CliError(exitCodes.usage, `${file} is no private key of Ed25519 in PEM.`);
  } finally {
    content.fill(0);
  }
}

/** Makes a key in a file that must not be there yet, 0600, and durable before anybody hears of it. */
function makeApprovalKey(file: string): KeyObject {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(handle, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  return privateKey;
}

/** The key in a file, made where there is no such file: who enrols it and is cut off enrols the same one again. */
export function approvalKeyAt(file: string): KeyObject {
  return fs.existsSync(file) ? readApprovalKey(file) : makeApprovalKey(file);
}
