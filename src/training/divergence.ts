/** @file The end of a run whose updates are skipped one after the other: what was seen, and what helps. */
import { join } from "node:path";
import type { Config } from "../config/index.js";
import { UserError, type UserErrorOptions } from "../errors.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { groups } from "../model/index.js";
import { formatSignificant } from "../number-format.js";
import type { LayerNorm } from "./layer-norms.js";
import type { SkipReason } from "./optimizer/schedules.js";
import type { Counters } from "./run/counters.js";
import type { StepReport } from "./trainer.js";

/** How many groups or layers a message names. */
const NAMED = 5;

/** Training ended because nothing could be learnt any more; what was saved before is untouched. */
export class TrainingStopped extends UserError {
  override name = "TrainingStopped";

  constructor(problem: string, options?: UserErrorOptions) {
    super("diverged", problem, options);
  }
}

/** What was seen at the last of the skipped updates. Nats are per image, means over the batch. */
export interface DivergenceDiagnosis extends Counters {
  reason: SkipReason;
  losses: Pick<StepReport, "lossNats" | "distortionNats" | "klNats" | "klWeightedNats" | "spectral">;
  gradientNorm: number;
  /** The largest norm that is let through: `optimizer.skipThreshold` · 3·H·W. */
  largestAllowed: number;
  learningRate: number;
  /** Those that are not finite first, then the dearest. */
  groups: { index: number; resolution: number; klNats: number }[];
  /** By layer, those with numbers that are not finite first, then the largest. */
  gradients: LayerNorm[];
  weights: LayerNorm[];
  /** Folder of the newest checkpoint saved after an update. */
  checkpoint: string | null;
}

/** Gathers what a report that ends training says. */
export function diagnose(
  { model, optimizer }: Config,
  counters: Counters,
  { skipped, layers, gradientNorm, learningRate, groupKlNats, ...losses }: StepReport,
  checkpoint: string | undefined,
): DivergenceDiagnosis {
  const { lossNats, distortionNats, klNats, klWeightedNats, spectral } = losses;
  const finite = (nats: number) => (Number.isFinite(nats) ? 1 : 0);
  return {
    ...counters,
    reason: skipped!,
    losses: { lossNats, distortionNats, klNats, klWeightedNats, spectral },
    gradientNorm,
    largestAllowed: optimizer.skipThreshold * 3 * model.resolution ** 2,
    learningRate,
    groups: groups(model)
      .map(({ index, resolution }) => ({ index, resolution, klNats: groupKlNats[index] }))
      .sort((a, b) => finite(a.klNats) - finite(b.klNats) || b.klNats - a.klNats || a.index - b.index),
    ...(layers ?? { gradients: [], weights: [] }),
    checkpoint: checkpoint ?? null,
  };
}

/**
 * Writes `diagnostics-step-N.json` into the run folder and makes the error that ends training.
 *
 * @throws UserError when the file cannot be written
 */
export async function stopTraining(
  out: string,
  diagnosis: DivergenceDiagnosis,
  config: Config,
): Promise<TrainingStopped> {
  const path = join(out, `diagnostics-step-${diagnosis.step}.json`);
  const spelled = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value; // JSON would have null for all of them
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify(diagnosis, spelled, 2)}\n`));
  const { checkpoint, reason } = diagnosis;
  return new TrainingStopped(describe(diagnosis, out, path, config), {
    advice: whatHelps(diagnosis, config),
    details: {
      run: out,
      diagnostics: path,
      maxLearningRate: smallerRate(config),
      ...(checkpoint === null ? {} : { checkpoint }),
      ...(reason === TOO_LARGE ? { skipThreshold: largerThreshold(config) } : {}),
    },
  });
}

/** What was seen, and where the run stands. */
function describe(diagnosis: DivergenceDiagnosis, out: string, path: string, config: Config): string {
  const { step, consecutiveSkips, reason, losses, gradientNorm, largestAllowed, learningRate } = diagnosis;
  const { lossNats, distortionNats, klNats, klWeightedNats, spectral } = losses;
  const named = <T>(items: T[], show: (item: T) => string) => items.slice(0, NAMED).map(show).join(", ");
  return [
    `Training stopped at step ${step}: ${consecutiveSkips} updates in a row were skipped (training.maxConsecutiveSkips=` +
      `${config.training.maxConsecutiveSkips}), this one because of a ${reason}.`,
    `  loss ${figure(lossNats)} nats an image: distortion ${figure(distortionNats)}, KL ${figure(klNats)} (weighted ` +
      `${figure(klWeightedNats)}), spectral ${figure(spectral)}; learning rate ${learningRate}`,
    `  gradient norm ${figure(gradientNorm)}; up to ${figure(largestAllowed)} is let through`,
    `  KL by latent group: ${named(diagnosis.groups, ({ index, resolution, klNats: nats }) => `${index} (${resolution}²) ${figure(nats)}`)}`,
    `  gradients by layer: ${layerText(diagnosis.gradients)}`,
    `  weights by layer: ${layerText(diagnosis.weights)}`,
    `  all of this: ${path}; each skipped update: ${join(out, "metrics.jsonl")}`,
  ].join("\n");
}

function layerText(norms: LayerNorm[]): string {
  const broken = norms.filter(({ nonFinite }) => nonFinite > 0);
  const whole = norms.filter(({ nonFinite }) => nonFinite === 0);
  const names = (layers: LayerNorm[], show: (layer: LayerNorm) => string) =>
    layers.slice(0, NAMED).map(show).join(", ");
  const largest = names(whole, ({ layer, norm }) => `${layer} ${figure(norm)}`);
  if (broken.length === 0) return `largest ${largest}`;
  const more = broken.length > NAMED ? ", …" : "";
  const first = `not finite in ${broken.length} of ${norms.length} (${names(broken, ({ layer }) => layer)}${more})`;
  return whole.length === 0 ? first : `${first}; largest of the others ${largest}`;
}

/** Half of the learning rate, which is what to try next. */
const smallerRate = ({ optimizer }: Config): number => Number((optimizer.maxLearningRate / 2).toPrecision(3));
const largerThreshold = ({ optimizer }: Config): number => optimizer.skipThreshold * 2;

const TOO_LARGE: SkipReason = "norm above the threshold";

function whatHelps({ reason, checkpoint }: DivergenceDiagnosis, config: Config): string {
  const rate = `\`optimizer.maxLearningRate=${smallerRate(config)}\``;
  const state = checkpoint
    ? `Nothing was overwritten: the last good checkpoint is ${checkpoint}.`
    : "There is no checkpoint of an update yet.";
  const again = checkpoint
    ? `start a new run from its weights (\`initial\`) with a smaller learning rate (${rate}), or from an earlier checkpoint`
    : `start again with a smaller learning rate (${rate}) or a longer optimizer.warmupSteps`;
  const seed = "; another training.seed meets other batches";
  if (reason !== TOO_LARGE)
    return `${state} What helps: ${again}${seed}. If it happens at once, look at the images that are trained on.`;
  const begin = checkpoint ? "resume" : "start again";
  const raised = `${begin} with a larger threshold (\`optimizer.skipThreshold=${largerThreshold(config)}\`)`;
  return `${state} What helps: if loss and pictures were still becoming better, ${raised}; otherwise ${again}${seed}.`;
}

/** Four significant digits; NaN and Infinity by name. */
const figure = (value: number): string => (Number.isFinite(value) ? formatSignificant(value, 4) : String(value));
