const widthBar = 24;
const everyMillis = 120;

function amount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** Passes a stream on and shows on a terminal how far it is and how fast it goes. */
export async function* withProgress(
  stream: AsyncIterable<Uint8Array>,
  size: number | null,
): AsyncGenerator<Uint8Array> {
  if (!process.stderr.isTTY) {
    yield* stream;
    return;
  }
  const begin = performance.now();
  let [done, shown] = [0, 0];
  for await (const piece of stream) {
    done += piece.length;
    yield piece;
    const now = performance.now();
    if (now - shown < everyMillis) continue;
    shown = now;
    const rate = `${amount(done / ((now - begin) / 1000))}/s`;
    const full = size ? Math.round((widthBar * done) / size) : 0;
    const bar = size
      ? `[${'#'.repeat(full).padEnd(widthBar, '.')}] ${Math.floor((100 * done) / size)} % `
      : '';
    process.stderr.write(`\r\u001b[K${bar}${amount(done)} ${rate}`);
  }
  if (shown > 0) process.stderr.write('\r\u001b[K');
}
