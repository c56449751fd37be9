/** @file The page of a static site: `strata export --format web` writes it beside a model. */
import { start } from "./app.js";
import { webBackend } from "./web-backend.js";

/** Longest wait for the service worker, which keeps what is loaded: the page works without it. */
const LONGEST_WAIT_MS = 3000;

/** Makes the service worker answer for this page, so that what it loads now is there without a network later. */
async function keepForLater(): Promise<void> {
  const { serviceWorker } = navigator; // pages that came neither over TLS nor from this computer have none
  if (!serviceWorker || serviceWorker.controller) {
    serviceWorker?.register("sw.js").catch(() => {}); // looks for a newer one
    return;
  }
  const controlled = new Promise<void>((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, LONGEST_WAIT_MS);
  });
  await Promise.all([serviceWorker.register("sw.js"), controlled]).catch(() => {}); // as where cookies are off
}

await keepForLater();
start(webBackend(new URL("./", location.href)));
