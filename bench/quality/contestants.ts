/** @file Who is compared, for ten minutes and for sixty. */
import { inPyTorch } from "./pytorch.js";
import { oneStage, twoStages } from "./strata.js";
import type { Contestant } from "./task.js";

/** A mirrored letter is another picture. */
const OF_GLYPHS = ["model.classes=36", "training.flips=false"];

/** Presets by the minutes that they are made for. */
const times = [
  { minutes: 10, paper: "emoji32-small", refined: "glyphs32-small" },
  { minutes: 60, paper: "emoji32", refined: "glyphs32" },
] as const;

/** All of them, with the minutes of each. */
export const contests: { minutes: number; contestant: Contestant }[] = times.flatMap(({ minutes, paper, refined }) =>
  [
    twoStages("strata", refined),
    oneStage("strata-one-stage", paper, OF_GLYPHS),
    inPyTorch("authors", "the paper's network in PyTorch", "authors.py", { preset: paper, settings: OF_GLYPHS }),
    inPyTorch("vae", "a plain convolutional VAE in PyTorch", "vae.py"),
    inPyTorch("diffusion", "a diffusion model in PyTorch, 50 steps of DDIM", "diffusion.py"),
  ].map((contestant) => ({ minutes, contestant })),
);
