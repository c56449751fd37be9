/** @file Adding up what the ranks have sent, in the order of the tree that micro-batches are added in. */

/**
 * The sum of equally long pieces, one after another in an array, which is changed.
 *
 * @param count - how many
 * @returns a view of the first piece, which has become the sum
 */
export function addPieces(pieces: Float32Array, count: number): Float32Array {
  const length = pieces.length / count;
  const piece = (index: number) => pieces.subarray(index * length, (index + 1) * length);
  const sum = (first: number, some: number): Float32Array => {
    if (some === 1) return piece(first);
    const left = Math.ceil(some / 2);
    const [total, other] = [sum(first, left), sum(first + left, some - left)];
    for (let i = 0; i < length; i++) total[i] += other[i];
    return total;
  };
  return sum(0, count);
}
