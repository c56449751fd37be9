/** @file All that decides what is on screen, and how an address holds it. */
import type { ModelSummary } from "./backend.js";

/** The view, and everything that can be set in it. Images are no part of it: an address never holds one. */
export interface Settings {
  view: "play" | "live";
  /** Id of the model; empty before one is chosen. */
  model: string;
  seed: number;
  /** A class; null: as often as among the training images; the number of classes: no label. */
  label: number | null;
  /** Pictures a row, and rows. */
  side: number;
  /** The picture whose variations are shown: one of the samples, or one that was dropped. */
  origin: { seed: number; sample: number } | "image" | null;
  /** Groups that the variations keep, or that change on a path. */
  keep: number;
  /** The end of a path that begins at the origin. */
  end: { seed: number; sample: number } | "image" | null;
  guidance: { mean: number; variance: number };
  /** Guidance weight of the refinement that draws the first groups, or that it draws none; null before either was said. */
  refined: number | "off" | null;
  /** By resolution; 1 where it has no entry. */
  temperature: Record<number, number>;
  /** Id of the model that enlarges the pictures. */
  enlarger: string | null;
  /** Ids of the runs that are watched. */
  runs: string[];
}

export const DEFAULTS: Settings = {
  view: "play",
  model: "",
  seed: 0,
  label: null,
  side: 4,
  origin: null,
  keep: 0,
  end: null,
  guidance: { mean: 0, variance: 0 },
  refined: null,
  temperature: {},
  enlarger: null,
  runs: [],
};

/** Grids that can be chosen, by their side. */
export const SIDES = [2, 3, 4, 6, 8] as const;
export const LARGEST_SEED = 999_999;
export const LARGEST_TEMPERATURE = 1.5;
const LARGEST_WEIGHT = 20;

/** The settings as the part of an address after `#`; only what differs from the default. */
export function toHash(settings: Settings): string {
  const { view, model, seed, label, side, origin, keep, end, guidance, refined, temperature, enlarger, runs } =
    settings;
  const place = (origin: Settings["origin"]) =>
    origin === null || origin === "image" ? undefined : `${origin.seed}:${origin.sample}`;
  const heat = Object.entries(temperature)
    .filter(([, value]) => value !== 1)
    .map(([resolution, value]) => `${resolution}:${value}`)
    .join(",");
  const pairs: [string, string | undefined][] = [
    ["view", view === DEFAULTS.view ? undefined : view],
    ["model", model || undefined],
    ["seed", seed === DEFAULTS.seed ? undefined : String(seed)],
    ["label", label === null ? undefined : String(label)],
    ["n", side === DEFAULTS.side ? undefined : String(side)],
    ["i", place(origin)],
    ["keep", origin === null || origin === "image" ? undefined : String(keep)],
    ["to", origin === "image" ? undefined : place(end)],
    ["wm", guidance.mean === 0 ? undefined : String(guidance.mean)],
    ["wv", guidance.variance === 0 ? undefined : String(guidance.variance)],
    ["r", refined === null ? undefined : String(refined)],
    ["t", heat || undefined],
    ["x", enlarger ?? undefined],
    ["runs", runs.length === 0 ? undefined : runs.join(",")],
  ];
  return pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!).replaceAll("%3A", ":").replaceAll("%2C", ",")}`)
    .join("&");
}

/** Settings from an address, which anybody may have written: what makes no sense is the default. */
export function fromHash(hash: string): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (
    name: string,
    { least = 0, most, whole = true }: { least?: number; most: number; whole?: boolean },
  ) => {
    const text = given.get(name);
    const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
    return value >= least && value <= most && (!whole || Number.isInteger(value)) ? value : undefined;
  };
  const place = (name: string) => {
    const [, seed, sample] = /^(\d{1,6}):(\d{1,6})$/.exec(given.get(name) ?? "") ?? [];
    return seed === undefined ? null : { seed: Number(seed), sample: Number(sample) };
  };
  const side = number("n", { least: 1, most: 8 });
  const origin = place("i");
  const heat = (given.get("t") ?? "").split(",").flatMap((pair) => {
    const [, resolution, value] = /^(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)$/.exec(pair) ?? [];
    return resolution !== undefined && Number(value) <= LARGEST_TEMPERATURE
      ? [[resolution, Number(value)] as const]
      : [];
  });
  return {
    view: given.get("view") === "live" ? "live" : "play",
    model: given.get("model") ?? "",
    seed: number("seed", { most: LARGEST_SEED }) ?? DEFAULTS.seed,
    label: number("label", { most: 100_000 }) ?? null,
    side: SIDES.find((each) => each === side) ?? DEFAULTS.side,
    origin,
    keep: number("keep", { most: 1000 }) ?? DEFAULTS.keep,
    end: origin === null ? null : place("to"),
    guidance: {
      mean: number("wm", { least: -LARGEST_WEIGHT, most: LARGEST_WEIGHT, whole: false }) ?? 0,
      variance: number("wv", { least: -LARGEST_WEIGHT, most: LARGEST_WEIGHT, whole: false }) ?? 0,
    },
    refined:
      given.get("r") === "off"
        ? "off"
        : (number("r", { least: -LARGEST_WEIGHT, most: LARGEST_WEIGHT, whole: false }) ?? null),
    temperature: Object.fromEntries(heat),
    enlarger: given.get("x"),
    runs: (given.get("runs") ?? "").split(",").filter((id) => id !== ""),
  };
}

/**
 * Settings with what a model does not have left out. Where nothing was said of its refinement, it draws, with what suits it: its
 * model's own prior was not made to be looked at.
 */
export function fitted(settings: Settings, { classes, groups, enlargers, refinement }: ModelSummary): Settings {
  const resolutions = new Set(groups.map(({ resolution }) => resolution));
  const hasClasses = classes.length > 0;
  const unsaid = refinement !== null && settings.refined === null;
  const temperature =
    unsaid && Object.keys(settings.temperature).length === 0 ? shownTemperature(refinement) : settings.temperature;
  return {
    ...settings,
    label: hasClasses && settings.label !== null && settings.label <= classes.length ? settings.label : null,
    keep: Math.min(settings.keep, groups.length),
    guidance: hasClasses ? settings.guidance : DEFAULTS.guidance,
    refined: refinement === null ? null : unsaid ? refinement.shown.guidance : settings.refined,
    temperature: Object.fromEntries(
      Object.entries(temperature).filter(([resolution]) => resolutions.has(Number(resolution))),
    ),
    enlarger: enlargers.some(({ id }) => id === settings.enlarger) ? settings.enlarger : null,
  };
}

/** The temperature that suits a refinement, by resolution. */
export const shownTemperature = ({ shown }: NonNullable<ModelSummary["refinement"]>): Settings["temperature"] =>
  Object.fromEntries(shown.temperature.map(({ resolution, temperature }) => [resolution, temperature]));
