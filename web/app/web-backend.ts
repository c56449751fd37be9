/** @file The backend of the static site: `strata-vae/web` does the work in the visitor's browser. */
import { concatenateLatents, type Latents } from "../../src/latents/latents.js";
import { drawnTogether, latentsOfRecipe, sampleOf } from "../../src/latents/recipe.js";
import { groups } from "../../src/model/groups.js";
import { downloadManifest } from "../../src/web/download.js";
import { parseWebManifest, type WebModelInfo } from "../../src/web/manifest.js";
import { fromPicture, toImageData } from "../../src/web/pictures.js";
import { cascadeOf, WebCascade } from "../../src/web/web-cascade.js";
import { load, type WebImages, type WebModel } from "../../src/web/web-model.js";
import type { Backend, ModelSummary, OpenModel, Picture, PictureRecipe } from "./backend.js";

/** Pictures drawn at once: some 80 ms on WebAssembly, and no slower than more of them. */
const BATCH = 4;

/** After so long without anything to draw, what guidance and encoding need is made ready. */
const IDLE_MS = 400;

/**
 * The model of a site.
 *
 * @param folder - its address, ending in a slash
 */
export function webBackend(folder: URL): Backend {
  const manifestUrl = new URL("manifest.json", folder);
  const models = async (signal?: AbortSignal): Promise<ModelSummary[]> => {
    const manifest = parseWebManifest(await downloadManifest(manifestUrl, { signal }), manifestUrl.href);
    return [summaryOf(manifest.model)];
  };
  return {
    kind: "browser",
    models,
    async open(_, { onProgress, signal } = {}) {
      const model = await load(manifestUrl, {
        signal,
        onProgress: ({ done, total }) =>
          onProgress?.(
            done < total
              ? { doing: `downloading ${megabytes(total)}`, share: done / total }
              : { doing: "starting the model" },
          ),
      });
      return openModel(model, folder);
    },
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function summaryOf(info: WebModelInfo): ModelSummary {
  const { name, run, config, classes, classCounts, step, parameters, enlarger } = info;
  return {
    ...{ id: name, name, run, resolution: config.resolution, classCounts, step, parameters },
    classes: Array.from({ length: config.classes }, (_, label) => classes[label] ?? `class ${label}`),
    groups: groups(config).map(({ index, resolution, channels }) => ({
      ...{ index, resolution, channels },
      ...info.groups[index],
    })),
    enlargers: enlarger ? [{ ...enlarger, id: enlarger.name }] : [],
    refinement: info.refinement,
  };
}

/** @param folder - with the model's files, ending in a slash */
function openModel(model: WebModel, folder: URL): OpenModel {
  const { config } = model;
  let cascade: Promise<WebCascade> | undefined;
  /** Loaded when it is first asked for, and again after it failed. */
  const openCascade = (): Promise<WebCascade> => {
    cascade ??= cascadeOf(model, folder);
    cascade.catch(() => {
      cascade = undefined;
    });
    return cascade;
  };
  const encoded = new Map<string, Latents>();
  const noiseOf = (name: string): Latents => {
    const latents = encoded.get(name);
    if (!latents) throw new Error("This picture was forgotten. Drop it once more.");
    return latents;
  };
  let last = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  /** Work that is asked for goes first. */
  const busy = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    clearTimeout(idle);
    try {
      return await work();
    } finally {
      clearTimeout(idle);
      idle = setTimeout(() => model.prepare().catch(() => {}), IDLE_MS); // what fails, fails again when it is needed
    }
  };
  return {
    summary: summaryOf(model.info),
    batch: BATCH,
    device: model.device === "webgpu" ? "WebGPU" : "WebAssembly, 1 thread",
    draw: (pictures, { enlarger, signal } = {}) =>
      busy(async () => {
        if (pictures.some(({ guidanceRule }) => guidanceRule === "product"))
          throw new Error("In the browser, guidance extrapolates: the rule of products is for Node.");
        const sampler = enlarger === undefined ? model : await openCascade();
        const drawn: Picture[] = [];
        for (const indices of drawnTogether(pictures)) {
          const images = await drawOf(
            sampler,
            indices.map((index) => pictures[index]),
            signal,
          );
          for (const [row, index] of indices.entries()) drawn[index] = pictureOf(images, row);
        }
        return drawn;
      }),
    encode: (file, { label, seed, signal }) =>
      busy(async () => {
        const picture = await fromPicture(file, config.resolution);
        const labels = config.classes > 0 ? Int32Array.of(label ?? config.classes) : undefined;
        const { latents, rateNats } = await model.encode(picture, { labels, seed, signal });
        const image = String(++last);
        encoded.set(image, latents);
        return { image, groupKlNats: [...rateNats], rgba: pictureOf(picture, 0).rgba };
      }),
    release(image) {
      encoded.delete(image);
    },
    async close() {
      clearTimeout(idle);
      model.dispose();
      await cascade?.then(({ enlarger }) => enlarger.dispose()).catch(() => {}); // one that failed has no thread
    },
  };

  /** Pictures of one call, as `drawnTogether` puts them together. */
  function drawOf(sampler: WebModel | WebCascade, pictures: readonly PictureRecipe[], signal?: AbortSignal) {
    const [{ seed, refined, temperature }] = pictures;
    const latents = concatenateLatents(pictures.map((picture) => latentsOfRecipe(config, picture, noiseOf)));
    const drawing = {
      ...(config.classes > 0 ? { labels: Int32Array.from(pictures, ({ label }) => label ?? config.classes) } : {}),
      ...(refined === undefined
        ? { guidances: pictures.map(({ guidance }) => guidance) }
        : { refined: true, refineGuidance: pictures.map(({ refined: weight = 0 }) => weight) }),
      batch: pictures.length,
      signal,
    };
    if (!(sampler instanceof WebCascade)) return sampler.decode(latents, drawing);
    return sampler.sample({
      ...drawing,
      count: pictures.length,
      ...{ latents, temperature }, // the temperature of what enlarges: the noise here is given
      seed,
      samples: pictures.map(({ recipe }) => sampleOf(recipe)),
    });
  }
}

const pictureOf = (images: WebImages, index: number): Picture => ({
  resolution: images.resolution,
  rgba: toImageData(images, index).data as Uint8ClampedArray<ArrayBuffer>,
});
