/**
 * @file Your picture, encoded in your browser, and pictures that keep its first latent groups. Built by Vite.
 *
 *     npm install && npm run model && npm run dev
 */
import { fromPicture, type Latents, latentsAt, load, toImageData, varyLatents, type WebImages } from "strata-vae/web";

const form = document.querySelector("form")!;
const { file, label, keep, kept } = form.elements as unknown as {
  file: HTMLInputElement;
  label: HTMLSelectElement;
  keep: HTMLInputElement;
  kept: HTMLOutputElement;
};
const status = document.querySelector("[role=status]")!;
const pictures = document.querySelector("#pictures")!;

const model = await load("emoji/", {
  onProgress: ({ done, total }) => {
    status.textContent = `downloading, ${Math.round((100 * done) / total)} %`;
  },
});
for (const name of model.info.classes) label.append(new Option(name, String(label.length)));
keep.max = String(model.info.groups.length);
file.disabled = false;
status.textContent = "Choose a picture.";

/** The noise of the picture, and what its groups cost, nats. */
let encoded: { picture: WebImages; latents: Latents; rateNats: Float32Array } | undefined;

async function encode(): Promise<void> {
  const [chosen] = file.files ?? [];
  if (!chosen) return;
  const picture = await fromPicture(chosen, model.config.resolution);
  const labels = Int32Array.of(Number(label.value));
  encoded = { picture, ...(await model.encode(picture, { labels })) };
  await vary();
}

let latest = new AbortController();

async function vary(): Promise<void> {
  if (!encoded) return;
  latest.abort(); // what was asked for before is wanted no more
  latest = new AbortController();
  const groups = Number(keep.value);
  const bits = encoded.rateNats.subarray(0, groups).reduce((sum, nats) => sum + nats, 0) / Math.LN2;
  kept.value = `${groups} of ${keep.max} groups, ${bits.toFixed(0)} bits`;
  const latents = varyLatents(model.config, latentsAt(encoded.latents, 0, 1), { groups, count: 7 });
  const labels = new Int32Array(7).fill(Number(label.value));
  const drawn = await model.decode(latents, { labels, signal: latest.signal });
  pictures.replaceChildren(canvasOf(encoded.picture, 0), ...labels.keys().map((index) => canvasOf(drawn, index)));
  status.textContent = "The first is your picture, as the model sees it.";
}

function canvasOf(images: WebImages, index: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = images.resolution;
  canvas.height = images.resolution;
  canvas.getContext("2d")!.putImageData(toImageData(images, index), 0, 0);
  return canvas;
}

/** Says what went wrong, but for what was dropped. */
const told = (work: () => Promise<void>) => () =>
  work().catch((error: Error) => {
    if (error.name !== "AbortError") status.textContent = error.message;
  });
file.addEventListener("change", told(encode));
label.addEventListener("change", told(encode));
keep.addEventListener("input", told(vary));
