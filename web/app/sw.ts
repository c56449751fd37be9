/** @file The service worker of a static site: every file of the site is fetched once, and is there without a network. */

/** What the export writes above this file. */
declare const SITE: {
  /** Of all files together: another export has another. */
  version: string;
  /** The page: kept at once. */
  page: string[];
  /** The model and the runtime: kept when they are fetched. */
  files: string[];
};

/** What of the service worker's global scope is used here: TypeScript's own declarations are those of pages. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
const scope = globalThis as unknown as {
  registration: { scope: string };
  clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
};

const root = scope.registration.scope;
/** Several sites may share an origin. */
const family = `strata ${root} `;
const name = family + SITE.version;
const kept = new Set([...SITE.page, ...SITE.files].map((path) => new URL(path, root).href));

scope.addEventListener("install", (event) => {
  // "reload": the page is of one export, whatever the browser has cached of an earlier one.
  const fresh = SITE.page.map((path) => new Request(new URL(path, root), { cache: "reload" }));
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(fresh)));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(removeFormer().then(() => scope.clients.claim()));
});

async function removeFormer(): Promise<void> {
  const former = (await caches.keys()).filter((each) => each.startsWith(family) && each !== name);
  await Promise.all(former.map((each) => caches.delete(each)));
}

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.search = "";
  url.hash = "";
  if (request.method === "GET" && kept.has(url.href)) event.respondWith(answer(url.href, request));
});

async function answer(url: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const known = await cache.match(url);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(url, response.clone()).catch(() => {}); // no room: it works while there is a network
  return response;
}
