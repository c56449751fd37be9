/** @file A run that never was: plausible metrics for `emoji32-small`, and plain pictures, to draw reports from. */
import sharp from "sharp";
import { resolvePreset } from "../../src/config/index.js";
import type { ReportParts } from "../../src/report/report.js";
import type { MetricsLine, RunLine } from "../../src/training/run/metrics-log.js";

const DIMENSIONS = 3 * 32 ** 2;

/** Deterministic values in [-1, 1) that look like noise. */
function wobble(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** Groups of a ladder, lowest resolution first, with geometric target shares. */
function fixtureGroups(layers: Record<number, number>): RunLine["groups"] {
  const resolutions = Object.entries(layers).flatMap(([side, count]) => Array<number>(count).fill(Number(side)));
  const raw = resolutions.map((_, i) => 1000 ** (i / (resolutions.length - 1)) + 10);
  const total = raw.reduce((sum, share) => sum + share);
  return resolutions.map((resolution, index) => ({ index, resolution, channels: 16, share: raw[index] / total }));
}

/** A log with a spike, a stretch of NaN, a skipped update and a resume. */
export function fixtureMetrics(groups = fixtureGroups({ 1: 2, 4: 2, 8: 3, 16: 2, 32: 1 })): MetricsLine[] {
  const run: RunLine = {
    type: "run",
    time: "2025-03-14T09:26:53.000Z",
    version: "0.1.0",
    node: "20.20.0",
    device: "cpu",
    threads: 2,
    preset: "emoji32-small",
    data: "emoji",
    trainImages: 3052,
    validationImages: 339,
    parameters: 1_263_430,
    resumedFrom: null,
    groups,
  };
  const lines: MetricsLine[] = [run];
  const groupKlNats = (klNats: number, progress: number, seed: number) => {
    const weights = groups.map(
      ({ share }, i) => (1 - progress) / groups.length + progress * share! * (1 + 0.3 * wobble(seed + i)),
    );
    const total = weights.reduce((sum, weight) => sum + weight);
    return weights.map((weight) => (klNats * weight) / total);
  };
  const last = 180;
  for (let i = 1; i <= last; i++) {
    const [step, progress] = [i * 20, 1 - Math.exp(-i / 25)];
    const [images, seconds] = [step * 16, i * 2.9];
    const distortionNats = 4200 - 900 * progress + 6000 * Math.exp(-i / 6) + 60 * wobble(i) + (i === 60 ? 3e6 : 0);
    const klNats = i > 100 && i < 106 ? Number.NaN : 150 + 900 * progress + 30 * wobble(i + 1000);
    lines.push({
      type: "train",
      step,
      images,
      seconds,
      imagesPerSecond: 108 + 6 * wobble(i + 2000),
      dataWaitShare: 0.01,
      lossNats: distortionNats + 0.9 * klNats,
      distortionNats,
      klNats,
      klWeightedNats: 0.9 * klNats,
      spectral: 12,
      learningRate: 2e-3,
      gradientNorm: 30,
      skips: i > 60 ? 1 : 0,
      groupKlNats: groupKlNats(klNats, progress, i),
    });
    if (i === 90) lines.push({ ...run, time: "2025-03-14T09:41:00.000Z", resumedFrom: step });
    if (i % 18 !== 0) continue;
    for (const split of ["validation", "train"] as const) {
      const gap = split === "validation" ? 0.08 * progress : 0;
      const bitsPerDim = 5.6 - 1.2 * progress + gap;
      lines.push({
        type: "validation",
        split,
        step,
        images,
        seconds,
        count: 339,
        bitsPerDim,
        boundNats: bitsPerDim * DIMENSIONS * Math.LN2,
        distortionNats,
        klNats,
        psnrDb: 16 + 12.6 * progress - 4 * gap,
        groupKlNats: groupKlNats(1000, progress, i + 3000),
      });
    }
  }
  return lines;
}

/** One plain picture. */
export async function fixturePng(width = 96, height = 64): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp({ create: { width, height, channels: 3, background: "#88aacc" } })
      .png()
      .toBuffer(),
  );
}

export async function fixtureReport(): Promise<ReportParts> {
  const png = await fixturePng();
  const picture = (title: string, caption: string) => ({ title, caption, png });
  return {
    title: "Emoji, learnt in nine minutes",
    lead: "A hierarchical variational autoencoder, trained from scratch on 3,052 emoji at 32 × 32 pixels.",
    config: resolvePreset("emoji32-small"),
    metrics: fixtureMetrics(),
    refined: [],
    samples: [0.6, 0.8, 1].map((temperature) =>
      picture(`Temperature ${temperature}`, "Averaged weights, predicted mean."),
    ),
    reconstructions: [picture("Held-out images", "Each pair: the original, below it its reconstruction.")],
    formation: [picture("Six images, group by group", "Columns: number of groups drawn.")],
    environment: { processor: "2 × a laptop's core", memory: "8 GB" },
    nextCommands: [
      {
        purpose: "Draw 64 more images, a little calmer",
        command: "npx strata sample --run runs/demo --count 64 --temperature 0.8 --out more.png",
      },
      { purpose: "Train on, for another half hour", command: "npx strata train --run runs/demo --resume --minutes 30" },
    ],
  };
}
