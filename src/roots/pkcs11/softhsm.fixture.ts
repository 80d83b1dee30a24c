import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const modules = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'];

/** The SoftHSM module of this machine; null where there is none. */
export const softHsmModule = modules.find((file) => fs.existsSync(file)) ?? null;

/** Why tests with a token are skipped; false: they run. CLAVIGER_REQUIRE=softhsm makes absence a failure. */
export function withoutSoftHsm(): string | false {
  const required = (process.env['CLAVIGER_REQUIRE'] ?? '').split(',').includes('softhsm');
  if (softHsmModule === null) {
    if (required) throw new Error('CLAVIGER_REQUIRE names softhsm, but softhsm2 is not installed');
    return 'softhsm2 is not installed';
  }
  try {
    process.getBuiltinModule('node:module').createRequire(import.meta.url)('pkcs11js');
    return false;
  } catch (cause) {
    if (required) throw new Error('CLAVIGER_REQUIRE names softhsm, but pkcs11js is not built', { cause });
    return 'pkcs11js is not built';
  }
}

export type ScratchToken = {
  readonly folder: string;
  readonly label: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uri: (object: string) => string;
  readonly remove: () => void;
};

/** A token of its own in a temporary folder, with the PIN in a file. */
export function scratchToken(label = 'scratch'): ScratchToken {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-hsm-'));
  const tokens = path.join(folder, 'tokens');
  fs.mkdirSync(tokens);
  const conf = path.join(folder, 'softhsm2.conf');
  fs.writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const pin = path.join(folder, 'pin');
  fs.writeFileSync(pin, 'right-pin-1\n', { mode: 0o600 });
  const env = { SOFTHSM2_CONF: conf };
  const words = ['--init-token', '--free', '--label', label, '--so-pin', 'so-pin-1', '--pin', 'right-pin-1'];
  execFileSync('softhsm2-util', words, { env: { ...process.env, ...env }, stdio: 'pipe' });
  return {
    folder,
    label,
    env,
    uri: (object) =>
      `pkcs11:token=${label};object=${object}?module-path=${softHsmModule}&pin-source=file:${pin}`,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
