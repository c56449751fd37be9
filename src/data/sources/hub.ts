/** @file Sets of images on a hub: fetched when they are first looked at, then a folder or file like any other. */
import type { HubOptions } from "../../io/hub/access.js";
import { fetchFromHub } from "../../io/hub/snapshot.js";
import type { Source } from "./source.js";

/** What accompanies the images of a repository: its card, its licence, Git's settings, programs. */
const BESIDE = /(^|\/)(\.[^/]*|readme[^/]*|licen[cs]e[^/]*|[^/]*\.(py|ipynb))$/i;

/**
 * The images of a repository.
 *
 * @param id - what tells it from other sources, whatever its commit
 * @param open - the source at a path
 */
export function hubSource(place: string, id: string, options: HubOptions, open: (path: string) => Source): Source {
  let opened: Promise<Source> | undefined;
  const fetched = () => {
    opened ??= fetchFromHub(place, "dataset", (path) => !BESIDE.test(path), options).then(({ path, files }) =>
      open(files.length === 1 ? files[0] : path),
    );
    return opened;
  };
  return {
    ids: [id],
    fingerprint: async () => (await fetched()).fingerprint(),
    index: async () => {
      const index = await (await fetched()).index?.();
      return index && { ...index, id };
    },
    list: async () => ({ ...(await (await fetched()).list()), id }),
  };
}
