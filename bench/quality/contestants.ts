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

const authors = { id: "authors", title: "the paper's network in PyTorch", name: "paper's network" };
const vae = { id: "vae", title: "a plain convolutional VAE in PyTorch", name: "VAE" };
const diffusion = { id: "diffusion", title: "a diffusion model in PyTorch, 50 steps of DDIM", name: "diffusion" };

/** All of them, with the minutes of each. */
export const contests: { minutes: number; contestant: Contestant }[] = times.flatMap(({ minutes, paper, refined }) =>
  [
    twoStages("strata", refined),
    oneStage("strata-one-stage", paper, OF_GLYPHS),
    inPyTorch(authors, "authors.py", { preset: paper, settings: OF_GLYPHS }),
    inPyTorch(vae, "vae.py"),
    inPyTorch(diffusion, "diffusion.py"),
  ].map((contestant) => ({ minutes, contestant })),
);
