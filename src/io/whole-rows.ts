/** @file Bytes that arrive in pieces, cut at the ends of rows of one length. */

/** Called with how many bytes there were so far, and whether these were all. */
export type CheckLength = (length: number, ended: boolean) => void;

/**
 * Cuts pieces at the ends of rows.
 *
 * @param first - what has been taken from the source already
 * @param check - throws where the bytes are too many or too few
 */
export async function* wholeRows(
  first: Uint8Array,
  source: AsyncIterator<Uint8Array>,
  rowBytes: number,
  check: CheckLength,
): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [first]; // of a row that is not whole
  let left = 0;
  let length = 0;
  try {
    for (let piece: Uint8Array | undefined = first; piece !== undefined; ) {
      length += piece.length;
      check(length, false);
      left += piece.length;
      if (rowBytes > 0 && left >= rowBytes) {
        const block: Uint8Array = begun.length === 1 ? begun[0] : Buffer.concat(begun);
        const whole = left - (left % rowBytes);
        yield block.subarray(0, whole);
        begun = [block.subarray(whole)];
        left -= whole;
      }
      const next: IteratorResult<Uint8Array> = await source.next();
      piece = next.done ? undefined : next.value;
      if (piece !== undefined) begun.push(piece);
    }
    check(length, true);
  } finally {
    await source.return?.();
  }
}
