/** @file The state of the page: settings, what is drawn of them, and what is known of models. */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Backend, EncodedImage, ModelSummary, OpenModel, Picture, PictureRecipe } from "./backend.js";
import { gridPictures, padPictures, type SceneImages } from "./scene.js";
import { Scheduler } from "./scheduler.js";
import { DEFAULTS, fitted, fromHash, type Settings, toHash } from "./settings.js";

/** Pictures that are remembered: going back is at once. */
const MOST_REMEMBERED = 1000;
/** Larger files are refused by the studio too. */
const LARGEST_FILE = 25e6;
/** Time after which the list of models is asked for again. */
const MODELS_MS = 10_000;

/** An image that was dropped. */
export interface DroppedImage {
  file: File;
  /** Once it is encoded, and with what. */
  encoded?: EncodedImage;
}

/** How a model is being opened. */
export type Opening =
  | { state: "none" }
  | { state: "opening"; doing: string; share?: number }
  | { state: "ready" }
  | { state: "failed"; message: string };

/** Pictures of a part of the page. */
export interface Shown {
  /** What is drawn now; empty before the first. */
  pictures: (Picture | undefined)[];
  /** What they are drawn from. */
  recipes: PictureRecipe[];
  /** What is on screen is not what was asked for any more. */
  stale: boolean;
  /** Time that the last drawing took. */
  ms?: number;
}

const NOTHING: Shown = { pictures: [], recipes: [], stale: false };

/** All of it, and what changes it. */
export class Store {
  readonly settings = signal<Settings>(DEFAULTS);
  readonly models = signal<ModelSummary[] | undefined>(undefined);
  readonly model = signal<OpenModel | undefined>(undefined);
  readonly opening = signal<Opening>({ state: "none" });
  /** What went wrong last, for the user. */
  readonly alert = signal<string | undefined>(undefined);
  readonly images = signal<{ origin?: DroppedImage; end?: DroppedImage }>({});
  /** A file that waits for its class. */
  readonly asking = signal<{ file: File; as: "origin" | "end" } | undefined>(undefined);
  /** Whether a click on a picture chooses where a path ends. */
  readonly choosingEnd = signal(false);
  readonly grid = signal<Shown>(NOTHING);
  readonly pad = signal<Shown>(NOTHING);
  /** KL of every group, nats: of the image that was dropped, or the mean over images. */
  readonly groupKlNats: ReadonlySignal<(number | null)[]>;

  readonly #scheduler = new Scheduler();
  readonly #remembered = new Map<string, Picture>();
  #openings = new AbortController();

  constructor(readonly backend: Backend) {
    this.groupKlNats = computed(() => {
      const image = this.settings.value.origin === "image" ? this.images.value.origin?.encoded : undefined;
      return image?.groupKlNats ?? this.model.value?.summary.groups.map(({ klNats }) => klNats) ?? [];
    });
  }

  /** Reads the address, and begins. */
  start(): void {
    const read = () => {
      const given = fromHash(location.hash);
      const { images, model } = this;
      // an image that is here stays, where the address could not hold it
      const keeps =
        given.origin === null && this.settings.value.origin === "image" && given.model === this.settings.value.model;
      const { origin, end, keep } = this.settings.value;
      this.settings.value = keeps && images.value.origin ? { ...given, origin, end, keep } : given;
      const { id, name } = model.value?.summary ?? {};
      if (given.model !== id && given.model !== name) void this.open(this.#idOf(given.model));
    };
    this.settings.value = fromHash(location.hash);
    addEventListener("hashchange", () => {
      if (location.hash.replace(/^#/, "") !== toHash(this.settings.value)) read();
    });
    effect(() => {
      const hash = toHash(this.settings.value);
      if (location.hash.replace(/^#/, "") !== hash) history.replaceState(null, "", `#${hash}`);
    });
    effect(() => this.#drawGrid());
    effect(() => this.#drawPad());
    effect(() => this.#encode("origin"));
    effect(() => this.#encode("end"));
    void this.#findModels();
  }

  /** An address may name a model by its name, as one that was written down does. */
  #idOf(word: string): string {
    return this.models.value?.find(({ id, name }) => id === word || name === word)?.id ?? word;
  }

  /** Nothing is being drawn or waits. */
  get idle(): boolean {
    return this.#scheduler.idle && this.opening.value.state !== "opening";
  }

  change(part: Partial<Settings>): void {
    this.settings.value = { ...this.settings.value, ...part };
  }

  /** Everything as at the beginning, but for the model. */
  reset(): void {
    batch(() => {
      const { view, model, runs } = this.settings.value;
      const fresh = { ...DEFAULTS, view, model, runs };
      this.settings.value = this.model.value ? fitted(fresh, this.model.value.summary) : fresh;
      this.images.value = {};
      this.choosingEnd.value = false;
      this.alert.value = undefined;
    });
  }

  async #findModels(): Promise<void> {
    try {
      const models = await this.backend.models();
      // a run that has just begun has nothing to play with, and much to watch
      if (!this.models.value && models.length === 0 && this.backend.live) this.change({ view: "live" });
      if (JSON.stringify(models) !== JSON.stringify(this.models.value)) this.models.value = models;
      const { model } = this.settings.value;
      if (!this.model.value && this.opening.value.state === "none" && models.length > 0) {
        const id = this.#idOf(model);
        void this.open(models.some((each) => each.id === id) ? id : models[0].id);
      }
    } catch (error) {
      if (!this.models.value) this.fail(error);
    }
    if (this.backend.live) setTimeout(() => this.#findModels(), this.model.value ? MODELS_MS : 1500);
  }

  fail(error: unknown): void {
    this.alert.value = error instanceof Error ? error.message : String(error);
  }

  /** Opens a model, with the settings as far as it has what they ask for. */
  async open(id: string): Promise<void> {
    this.#openings.abort();
    this.#openings = new AbortController();
    const { signal } = this.#openings;
    const before = this.model.value;
    const onProgress = (progress: { doing: string; share?: number }) => {
      if (!signal.aborted) this.opening.value = { state: "opening", ...progress };
    };
    onProgress({ doing: "opening the model" });
    try {
      const model = await this.backend.open(id, { onProgress, signal });
      if (signal.aborted) return void model.close();
      batch(() => {
        const { settings } = this;
        const same = before?.summary.id === id;
        const origin = settings.value.origin === "image" && !same ? DEFAULTS : {};
        if (!same) this.images.value = {};
        const { images } = this;
        if (same) images.value = { origin: withoutCode(images.value.origin), end: withoutCode(images.value.end) };
        settings.value = fitted(
          { ...settings.value, ...(origin === DEFAULTS ? { origin: null, end: null } : {}), model: id },
          model.summary,
        );
        this.model.value = model;
        this.opening.value = { state: "ready" };
        this.grid.value = NOTHING;
        this.pad.value = NOTHING;
      });
      await before?.close();
    } catch (error) {
      if (!signal.aborted) this.opening.value = { state: "failed", message: (error as Error).message };
    }
  }

  /** Takes an image file; where the model has classes and none is chosen, its class is asked for first. */
  drop(file: File, as: "origin" | "end" = "origin"): void {
    const { model, settings } = this;
    if (!model.value) return;
    if (file.size > LARGEST_FILE) {
      this.alert.value = `${file.name}: expected an image of at most ${LARGEST_FILE / 1e6} MB.`;
      return;
    }
    const { classes } = model.value.summary;
    const { label } = settings.value;
    const known = classes.length === 0 || (label !== null && label < classes.length);
    if (known) this.take(file, as);
    else this.asking.value = { file, as };
  }

  /** Makes an image the origin, or the end of a path. */
  take(file: File, as: "origin" | "end", label = this.settings.value.label): void {
    batch(() => {
      const groups = this.model.value!.summary.groups.length;
      this.asking.value = undefined;
      this.choosingEnd.value = false;
      this.alert.value = undefined;
      this.images.value = { ...this.images.value, [as]: { file } };
      const keep = as === "end" ? groups : Math.ceil(groups / 2);
      this.change(as === "end" ? { end: "image", label, keep } : { origin: "image", end: null, label, keep });
    });
  }

  /** A click on a picture of the samples: its variations, or the end of a path. */
  pick(sample: number): void {
    const { settings, choosingEnd, model } = this;
    const { seed, keep } = settings.value;
    const groups = model.value!.summary.groups.length;
    batch(() => {
      if (choosingEnd.value) this.change({ end: { seed, sample }, keep: groups });
      else this.change({ origin: { seed, sample }, end: null, keep: keep > 0 ? keep : Math.ceil(groups / 2) });
      choosingEnd.value = false;
    });
  }

  /** Back from variations to samples. */
  leave(): void {
    batch(() => {
      this.change({ origin: null, end: null, keep: 0 });
      this.images.value = {};
      this.choosingEnd.value = false;
    });
  }

  /** Keeps the first groups of the origin, which is the first sample where none was chosen. */
  keep(groups: number): void {
    const { origin, seed } = this.settings.value;
    this.change({ keep: groups, origin: origin ?? { seed, sample: 0 } });
  }

  #encode(as: "origin" | "end"): void {
    const model = this.model.value;
    const image = this.images.value[as];
    const { label, seed } = this.settings.value;
    if (!model || !image || this.settings.value[as] !== "image") return;
    const asked = `${label},${seed},${model.summary.id},${model.summary.step}`;
    if (this.#encodedWith.get(image.file) === asked) return;
    this.#encodedWith.set(image.file, asked);
    const options = { label: model.summary.classes.length > 0 ? (label ?? undefined) : undefined, seed };
    this.#scheduler
      .ask(`encode ${as}`, 0, async (signal) => {
        const encoded = await model.encode(image.file, { ...options, signal });
        const { images } = this;
        if (images.value[as]?.file === image.file)
          images.value = { ...images.value, [as]: { file: image.file, encoded } };
        if (image.encoded) model.release(image.encoded.image);
      })
      .catch((error) => {
        batch(() => {
          this.fail(error);
          if (as === "origin") this.leave();
          else this.change({ end: null });
        });
      });
  }
  readonly #encodedWith = new WeakMap<File, string>();

  get #names(): SceneImages {
    const { origin, end } = this.images.value;
    return { origin: origin?.encoded?.image, end: end?.encoded?.image };
  }

  #drawGrid(): void {
    const model = this.model.value;
    if (!model) return;
    const settings = this.choosingEnd.value ? { ...this.settings.value, origin: null, end: null } : this.settings.value;
    this.#draw("grid", 1, model, gridPictures(settings, model.summary, this.#names));
  }

  #drawPad(): void {
    const model = this.model.value;
    if (model) this.#draw("pad", 2, model, padPictures(this.settings.value, model.summary, this.#names));
  }

  /** Draws what is not remembered, as many at once as the model likes, so that what is more urgent comes between. */
  #draw(part: "grid" | "pad", priority: number, model: OpenModel, recipes: PictureRecipe[]): void {
    const shown = this[part];
    const { enlarger } = this.settings.value;
    const larger = part === "grid" ? (enlarger ?? undefined) : undefined;
    const place = `${model.summary.id} ${model.summary.step} ${larger}`;
    const keys = recipes.map((recipe) => `${place} ${JSON.stringify(recipe)}`);
    const known = () => keys.map((key) => this.#remembered.get(key));
    const missing = keys.flatMap((key, index) => (this.#remembered.has(key) ? [] : [index]));
    if (recipes.length === 0 || missing.length === 0) {
      this.#scheduler.drop(part);
      shown.value = { ...shown.peek(), pictures: known(), recipes, stale: false };
      return;
    }
    const before = shown.peek();
    shown.value = { ...before, stale: true };
    const startMs = performance.now();
    const step = (): Promise<void> =>
      this.#scheduler.ask(part, priority, async (signal) => {
        const next = missing.splice(0, model.batch);
        const drawn = await model.draw(
          next.map((index) => recipes[index]),
          { enlarger: larger, signal },
        );
        signal.throwIfAborted();
        for (const [row, index] of next.entries()) this.#remember(keys[index], drawn[row]);
        const stale = missing.length > 0;
        const old = shown.peek().pictures;
        const pictures = known().map((picture, index) => picture ?? old[index]);
        shown.value = { pictures, recipes, stale, ms: performance.now() - startMs };
        if (stale) queueMicrotask(() => step().catch((error) => this.fail(error)));
        else if (part === "grid") this.alert.value = undefined;
      });
    step().catch((error) => {
      this.fail(error);
      shown.value = { ...shown.peek(), stale: false };
    });
  }

  #remember(key: string, picture: Picture): void {
    this.#remembered.set(key, picture);
    for (const oldest of [...this.#remembered.keys()].slice(0, -MOST_REMEMBERED)) this.#remembered.delete(oldest);
  }
}

/** An image that is to be encoded anew. */
const withoutCode = (image: DroppedImage | undefined): DroppedImage | undefined => image && { file: image.file };
