/** @file What a checkpoint says of itself, and whether it belongs to a configuration. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { meterSchema, NOTHING_GATHERED } from "./meter.js";

const count = z.int().nonnegative();

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Batches seen: keys data and noise, and names the checkpoint. */
  step: count,
  images: count,
  /** Updates made: drives learning rate, bias correction and EMA. */
  updates: count,
  skips: count,
  /** Skipped without an update since: training stops when there are too many. */
  consecutiveSkips: count.default(0),
  /** What the next line of metrics will be the mean of. */
  meter: meterSchema.default(NOTHING_GATHERED),
  /** Images of the training set: another number means another set. */
  trainImages: count,
  /** Over their labels and pixels: see `digestOfSet`. */
  trainDigest: z.string(),
  /** Settings that every weight depends on, by dotted path. */
  settings: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});

/** `manifest.json` of a checkpoint. It holds no time and no path, so that equal runs leave equal bytes. */
export type Manifest = z.output<typeof manifestSchema>;

/** The training set: how many images, and the digest of all. */
export interface DataIdentity {
  count: number;
  digest: string;
}

/** How far a run has come. */
export type Counters = Pick<Manifest, "step" | "images" | "updates" | "skips" | "consecutiveSkips">;

/** The counters of a run that has not begun. */
export const FRESH: Counters = { step: 0, images: 0, updates: 0, skips: 0, consecutiveSkips: 0 };

/**
 * Settings that may change when a run goes on: they decide when it stops, saves or reports, or how it fits into memory. So
 * may the threshold of skipped updates, since a run whose healthy gradients have outgrown it could not go on otherwise.
 */
const FREE = new Set([
  "preset",
  "optimizer.skipThreshold",
  "training.steps",
  "training.microBatchSize",
  "training.rematerialise",
  "training.checkpointEvery",
  "training.keepCheckpoints",
  "training.keepEvery",
  "training.maxConsecutiveSkips",
  "training.logEvery",
  "training.evaluateEvery",
  "training.sampleEvery",
]);

/** The settings that a checkpoint's weights depend on, by dotted path. Lists count as one value. */
export function bindingSettings(config: Config): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) visit(child, path === "" ? key : `${path}.${key}`);
    } else if (value !== undefined && !FREE.has(path)) settings[path] = value;
  };
  visit(config, "");
  return settings;
}

/** One line for each setting in which a checkpoint and a configuration differ. */
export function differences(saved: Record<string, unknown>, wanted: Record<string, unknown>): string[] {
  const show = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));
  const paths = [...new Set([...Object.keys(saved), ...Object.keys(wanted)])].sort();
  return paths
    .filter((path) => !isDeepStrictEqual(saved[path], wanted[path]))
    .map((path) => `  ${path}: the checkpoint has ${show(saved[path])}, the configuration ${show(wanted[path])}`);
}

/**
 * Checks that a run may go on from a checkpoint.
 *
 * @param where - the checkpoint's folder, for the message
 * @throws UserError naming the settings that differ, or the sizes of the two training sets
 */
export function checkBelongs(manifest: Manifest, config: Config, data: DataIdentity, where: string): void {
  const lines = differences(manifest.settings, bindingSettings(config));
  if (lines.length > 0) {
    throw new UserError(
      `Expected a checkpoint of this configuration, but ${where} was made with other settings:\n${lines.join("\n")}\n` +
        "Go on with the settings of the run's config.json, or start a new run in another folder.",
    );
  }
  if (manifest.trainImages === data.count && manifest.trainDigest === data.digest) return;
  const found = manifest.trainImages === data.count ? "as many others" : `one of ${data.count} images`;
  throw new UserError(
    `Expected the training set that ${where} was made with (${manifest.trainImages} images), got ${found}. ` +
      "Give the same data, or start a new run in another folder.",
  );
}
