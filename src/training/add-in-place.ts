/** @file Adds one array in memory to another; the runtime's thread imports it. */

/** @param arrays - the sum, and what is added to it, equally long */
export default function addInPlace([sum, other]: readonly Float32Array[]): void {
  for (let i = 0; i < sum.length; i++) sum[i] += other[i];
}
