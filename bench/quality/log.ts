/** @file How far a contestant is, on standard error: now and then, for an hour is long. */

const MS_BETWEEN_LINES = 30_000;

/** Prints a line, unless the last one is more recent than half a minute. */
export function logLine(): (text: string) => void {
  let last = performance.now();
  return (text) => {
    if (performance.now() - last < MS_BETWEEN_LINES) return;
    last = performance.now();
    process.stderr.write(`${text}\n`);
  };
}
