const widthBar = 24;
const everyMillis = 120;
const quietMillis = 300;

function amount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function barOf(done: number, size: number): string {
  const share = Math.min(1, done / size);
  return `[${'#'.repeat(Math.round(widthBar * share)).padEnd(widthBar, '.')}] ${Math.floor(100 * share)} % `;
}

/** Passes a stream on and shows on a terminal how far it is and how fast it goes, if it takes a while. */
export async function* withProgress(
  stream: AsyncIterable<Uint8Array>,
  size: number | null,
): AsyncGenerator<Uint8Array> {
  if (!process.stderr.isTTY) {
    yield* stream;
    return;
  }
  const begin = performance.now();
  let [done, due, shown] = [0, begin + quietMillis, false];
  try {
    for await (const piece of stream) {
      done += piece.length;
      yield piece;
      const now = performance.now();
      if (now < due) continue;
      [due, shown] = [now + everyMillis, true];
      const rate = `${amount(done / ((now - begin) / 1000))}/s`;
      process.stderr.write(`\r\u001b[K${size ? barOf(done, size) : ''}${amount(done)} ${rate}`);
    }
  } finally {
    if (shown) process.stderr.write('\r\u001b[K');
  }
}
