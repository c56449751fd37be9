/** Convolutions and their gradients in every layout that images and kernels can have, against jax-js's own `cpu` back-end. */
import { grad, lax, type numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { check, difference, floats, testRuntime } from "../../../test/support/against-jax.js";
import { compile } from "../compile.js";
import { createPacker } from "../packer.js";
import { Packs } from "../packing.js";
import { spec } from "../spec.js";

afterAll(() => testRuntime().dispose());

/** Sums of up to 3,200 products. */
const TOLERANCE = 1e-5;

const convolve = (x: np.Array, w: np.Array) => lax.conv(x, w, [1, 1], "SAME");

test.each([
  { batch: 1, into: 16, out: 16 },
  { batch: 2, into: 3, out: 16 },
  { batch: 3, into: 16, out: 6 },
  { batch: 1, into: 32, out: 16 },
  { batch: 16, into: 2, out: 16 },
  { batch: 17, into: 3, out: 16 },
  { batch: 32, into: 2, out: 32 },
])("$batch images, $into to $out channels", ({ batch, into, out }) =>
  check(convolve, [floats([batch, into, 4, 3]), floats([out, into, 3, 3], 0.3, 2)], TOLERANCE),
);

test.each([
  { batch: 2, into: 16, out: 32 },
  { batch: 2, into: 32, out: 16 },
  { batch: 16, into: 3, out: 16 },
  { batch: 2, into: 16, out: 6 },
])("a packed kernel and its packed gradients: $batch images, $into to $out channels", async ({ batch, into, out }) => {
  const runtime = testRuntime();
  const specs = [spec([out]), spec([out, into, 3, 3])];
  const packing = new Packs(specs);
  const packer = await createPacker(packing, runtime);
  const loss = (of: { x: np.Array; w: np.Array }, ct: np.Array): np.Array => convolve(of.x, of.w).mul(ct).sum();
  const gradients = grad(loss) as unknown as (of: object, ct: np.Array) => { x: np.Array; w: np.Array };
  const packed = (packs: np.Array[], x: np.Array, ct: np.Array) => {
    const [bias, kernel] = packing.unpack(packs);
    const { x: image, w } = gradients({ x, w: kernel }, ct);
    return { image, packs: packing.pack([bias, w]) };
  };
  const plain = (w: np.Array, x: np.Array, ct: np.Array) => gradients({ x, w }, ct);
  const [x, w, ct] = [floats([batch, into, 4, 5]), floats(specs[1].shape, 0.3, 2), floats([batch, out, 4, 5], 1, 3)];
  const others = [spec(x.shape), spec(ct.shape)] as const;
  const program = await compile(packed, [packing.specs, ...others], { runtime, keepOnDevice: { packs: true } });
  const reference = await compile(plain, [specs[1], ...others], { runtime });
  const packs = await packer.pack([new Float32Array(out), w.data as Float32Array]);
  const got = await program.run(packs, x.data, ct.data);
  const want = await reference.run(w.data, x.data, ct.data);
  expect(difference(got.image, want.x)).toBeLessThan(TOLERANCE);
  expect(difference((await packer.unpack(got.packs))[1], want.w)).toBeLessThan(TOLERANCE);
});
