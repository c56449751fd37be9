import { afterAll, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { nearestNeighbours } from "./nearest.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const width = 5;
const queries = normal([1, 2], 70 * width);
const references = normal([3, 4], 90 * width);

/** Every distance looked at. */
function expected() {
  const vector = (rows: Float32Array, row: number) => Array.from(rows.subarray(row * width, (row + 1) * width));
  return Array.from({ length: 70 }, (_, i) => {
    const distances = Array.from({ length: 90 }, (_, j) =>
      Math.hypot(...vector(queries, i).map((x, k) => x - vector(references, j)[k])),
    );
    const distance = Math.min(...distances);
    return { index: distances.indexOf(distance), distance };
  });
}

test.each([32, 90])("are those of all distances, in blocks of %i", async (blockSize) => {
  const { index, distance } = await nearestNeighbours(queries, references, width, { runtime, blockSize });
  expect([...index]).toEqual(expected().map((each) => each.index));
  expect(distance).toBeAllClose(
    expected().map((each) => each.distance),
    { rtol: 1e-14, atol: 0 },
  );
});

test("a copy is at distance zero, and the first of several", async () => {
  const copies = Float32Array.from([...references, ...references]);
  const { index, distance } = await nearestNeighbours(references, copies, width, { runtime, blockSize: 40 });
  expect([...index]).toEqual(Array.from({ length: 90 }, (_, row) => row));
  expect(distance).toEqual(new Float64Array(90));
});

test("of nothing nothing, and among nothing an error", async () => {
  const none = new Float32Array(0);
  const empty = { index: new Uint32Array(0), distance: new Float64Array(0) };
  expect(await nearestNeighbours(none, references, width, { runtime })).toEqual(empty);
  await expect(nearestNeighbours(queries, none, width, { runtime })).rejects.toThrow(
    "Nearest neighbours among references: expected at least 1 vectors, got 0. Take more pictures.",
  );
});
