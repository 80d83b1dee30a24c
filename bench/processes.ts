import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export type Floor = { readonly url: string; readonly pid: number; readonly stop: () => void };

/** Starts the bare server that answers so many bytes. */
export async function startFloor(size: number): Promise<Floor> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'floor.ts'), String(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  return { url, pid: child.pid ?? 0, stop: () => child.kill() };
}

/** CPU time that a process has used, in microseconds. */
export function cpuMicros(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in ticks of 10 ms
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Memory of a process that is in use now, in MiB. */
export function residentMiB(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+([0-9]+)/.exec(status)?.[1] ?? 0) / 1024;
}
