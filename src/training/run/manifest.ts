/** @file What a checkpoint says of itself, and whether it belongs to a configuration. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Config } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { counterSchemas } from "./counters.js";
import { meterSchema } from "./meter.js";

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** The format of checkpoints that this version writes, and the only one it reads. */
export const FORMAT = 2;

export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  ...counterSchemas,
  /** What the next line of metrics will be the mean of. */
  meter: meterSchema,
  /** Images of the training set: another number means another set. */
  trainImages: count,
  /** Over their labels and pixels: see `digestOfSet`. */
  trainDigest: z.string(),
  /** Settings that every weight depends on, by dotted path. */
  settings: z.record(z.string(), z.unknown()),
  /** Equal for equal settings: tells at a glance whether two checkpoints are of one configuration. */
  settingsSha256: hash,
  /** SHA-256 of every file, and of the elements of every tensor in it, so that damage can be named. */
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256: hash, tensors: z.record(z.string(), hash) })),
  /** Of this manifest without this entry. */
  sha256: hash,
});

/** `manifest.json` of a checkpoint. It holds no time and no path, so that equal runs leave equal bytes. */
export type Manifest = z.output<typeof manifestSchema>;

/** The training set: how many images, and the digest of all. */
export interface DataIdentity {
  count: number;
  digest: string;
}

/** What is to be said by whoever makes a checkpoint; the rest follows. */
export type ManifestContent = Omit<Manifest, "format" | "settingsSha256" | "sha256">;

/** The manifest with its format and hashes. */
export function sealed(content: ManifestContent): Manifest {
  const whole = { format: FORMAT, ...content, settingsSha256: jsonHash(content.settings) } as const;
  return { ...whole, sha256: jsonHash(whole) };
}

/** What is wrong with the hashes that a manifest has of itself, if anything. */
export function brokenSeal({ sha256, ...whole }: Manifest): string | undefined {
  if (jsonHash(whole) !== sha256)
    return `it should have the SHA-256 ${sha256} that it names, but has ${jsonHash(whole)}`;
  const settings = jsonHash(whole.settings);
  return settings === whole.settingsSha256 ? undefined : `its settings have the SHA-256 ${settings}`;
}

/** SHA-256 of a value as JSON, whatever the order of its keys. */
function jsonHash(value: unknown): string {
  const inOrder = (_: string, child: unknown) =>
    typeof child === "object" && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child;
  return createHash("sha256").update(JSON.stringify(value, inOrder)).digest("hex");
}

/**
 * Settings that may change when a run is resumed: they decide when it stops, saves or reports, or how it fits into memory. So
 * may the threshold of skipped updates, since a run whose healthy gradients have outgrown it could not continue otherwise.
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

/** Settings that checkpoints of before there was a choice lack, and what they then were: not written, so that such runs resume. */
const FORMERLY: Record<string, unknown> = { "optimizer.kind": "adamax" };

/** The settings that a checkpoint's weights depend on, by dotted path. Lists count as one value. */
export function bindingSettings(config: Config): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) visit(child, path === "" ? key : `${path}.${key}`);
    } else if (value !== undefined && !FREE.has(path) && FORMERLY[path] !== value) settings[path] = value;
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
 * Checks that a run may resume from a checkpoint.
 *
 * @param where - the checkpoint's folder, for the message
 * @throws UserError naming the settings that differ, or the sizes of the two training sets
 */
export function checkBelongs(manifest: Manifest, config: Config, data: DataIdentity, where: string): void {
  const lines = differences(manifest.settings, bindingSettings(config));
  if (lines.length > 0) {
    throw new UserError(
      "mismatch",
      `Expected a checkpoint of this configuration, but ${where} was made with other settings:\n${lines.join("\n")}\n` +
        "Go on with the settings of the run's config.json, or start a new run in another folder.",
    );
  }
  if (manifest.trainImages === data.count && manifest.trainDigest === data.digest) return;
  const found = manifest.trainImages === data.count ? "as many others" : `one of ${data.count} images`;
  throw new UserError(
    "mismatch",
    `Expected the training set that ${where} was made with (${manifest.trainImages} images), got ${found}. ` +
      "Give the same data, or start a new run in another folder.",
  );
}
