/** @file `--noise`: the noise of every group from a file, to draw what another system drew from the same. */
import { sameShape } from "../../engine/spec.js";
import { UserError } from "../../errors.js";
import type { SampleOptions } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { readSafetensorsFile } from "../../io/tensors/safetensors.js";
import type { Tensor } from "../../io/tensors/tensor.js";
import { groups } from "../../model/index.js";

/**
 * What to draw instead of the samples of a seed.
 *
 * @param path - safetensors with `eps.0`, `eps.1`, …, float32 [N, Z, r, r] each, and `label`, int32 [N], where the model knows
 *   classes and no label is asked for
 * @throws UserError when there is no such file, or it does not fit the model
 */
export async function readNoise(
  path: string,
  { config: { model } }: TrainedModel,
): Promise<Pick<SampleOptions, "count" | "latents" | "labels">> {
  const { tensors } = await readSafetensorsFile(path);
  const count = tensors.get("eps.0")?.shape[0];
  if (!count)
    throw new UserError("wrong-shape", `--noise ${path}: expected the tensor eps.0, float32 [N, …] with N at least 1.`);
  const latents = groups(model).map(({ index, shape }) => {
    const { data } = expectTensor(tensors, `eps.${index}`, "float32", [count, ...shape], path);
    return data as Float32Array;
  });
  const hasLabels = model.classes > 0 && tensors.has("label");
  const labels = hasLabels ? (expectTensor(tensors, "label", "int32", [count], path).data as Int32Array) : undefined;
  return { count, latents, ...(labels && { labels }) };
}

function expectTensor(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  dtype: Tensor["dtype"],
  shape: number[],
  path: string,
): Tensor {
  const tensor = tensors.get(name);
  if (tensor?.dtype === dtype && sameShape(tensor.shape, shape)) return tensor;
  const got = tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : "none";
  throw new UserError(
    "wrong-shape",
    `--noise ${path}: expected the tensor ${name}, ${dtype} [${shape.join(", ")}], got ${got}.`,
  );
}
