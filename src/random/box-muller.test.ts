import { expect, test } from "vitest";
import { boxMuller } from "./box-muller.js";

const draw = (...words: number[]) => {
  const target = new Float32Array(words.length);
  boxMuller(Uint32Array.from(words), target);
  return [...target];
};

/** The same by this engine's functions, which err by a unit in the last place of float64. */
function reference(u: number, v: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log((u + 0.5) / 2 ** 32));
  const angle = v * ((2 * Math.PI) / 2 ** 32);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

test("words give what the formula says, at all ends of u and in all octants of v", () => {
  const ends = [0, 1, 2, 2 ** 31 - 1, 2 ** 31, 3037000499, 3037000500, 2 ** 32 - 2, 2 ** 32 - 1];
  const octants = Array.from({ length: 8 }, (_, octant) =>
    [-1, 0, 1, 12345].map((by) => (octant * 2 ** 29 + by) >>> 0),
  );
  for (const u of ends) {
    for (const v of octants.flat()) {
      const largest = Math.max(...reference(u, v).map(Math.abs));
      for (const [index, z] of draw(u, v).entries()) {
        expect(Math.abs(z - reference(u, v)[index]), `${u} ${v}`).toBeLessThanOrEqual(2 ** -24 * largest);
      }
    }
  }
});

test("a million words give the float32 numbers of the engine's functions", () => {
  const words = Uint32Array.from({ length: 2 ** 20 }, (_, n) => Math.imul(n + 1, 0x9e3779b1));
  const target = new Float32Array(words.length);
  boxMuller(words, target);
  let other = 0;
  for (let i = 0; i < words.length; i += 2) {
    const [c, s] = reference(words[i], words[i + 1]);
    other += Number(target[i] !== Math.fround(c)) + Number(target[i + 1] !== Math.fround(s));
  }
  expect(other).toBeLessThanOrEqual(2);
});

test("quarter turns are exact, and an odd target ends where it ends", () => {
  const radius = Math.fround(Math.sqrt(2 * Math.LN2));
  const half = 2 ** 31 - 1; // u = ½ − 2⁻³³
  expect(draw(half, 0)[1]).toBe(0);
  expect(draw(half, 2 ** 30)[0]).toBeCloseTo(0, 40);
  expect(draw(half, 2 ** 30)[1]).toBe(radius);
  expect(draw(half, 2 ** 31)[0]).toBe(-radius);
  expect(draw(half, 3 * 2 ** 30)[1]).toBe(-radius);
  const odd = new Float32Array(3);
  boxMuller(Uint32Array.of(1, 2, 3, 4), odd);
  expect([...odd]).toEqual(draw(1, 2, 3, 4).slice(0, 3));
});
