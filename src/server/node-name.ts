import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ClavigerError } from '#domain';
import type { Config } from './config.ts';
import { hasErrorCode, moveDurably, writeDurably } from './durable-file.ts';

/**
 * The name of this node: configured, or made at the first start and kept in the home, so that a node finds its own log and
 * outbox again. A worker process is a node of its own, with its number behind the name.
 */
export async function nodeName(config: Config, worker: number): Promise<string> {
  const base = config.node ?? (await keptName(config.home));
  return worker === 0 ? base : `${base}-w${worker}`;
}

async function keptName(home: string): Promise<string> {
  const file = path.join(home, 'node');
  const known = await readName(file);
  if (known !== null) return known;
  const name = `node-${randomUUID().slice(0, 8)}`;
  await writeDurably(`${file}.new`, `${name}\n`);
  await moveDurably(`${file}.new`, file);
  return name;
}

async function readName(file: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (hasErrorCode(cause, 'ENOENT')) return null;
    throw new ClavigerError('configuration-invalid', `The node's name can't be read from ${file}.`, {
      cause,
    });
  }
  const name = text.trim();
  if (/^[a-z0-9][a-z0-9-]{0,47}$/.test(name)) return name;
  throw new ClavigerError('configuration-invalid', `The file ${file} does not hold a node name.`);
}
