/** @file A model as React components use it: loaded when a component appears, gone when it goes. */
import { useEffect, useState } from "react";
import { load, type WebModel } from "strata-vae/web";

/** What there is of a model so far. */
export type ModelState =
  | { state: "loading"; share: number }
  | { state: "ready"; model: WebModel }
  | { state: "failed"; message: string };

export function useModel(url: string): ModelState {
  const [model, setModel] = useState<ModelState>({ state: "loading", share: 0 });
  useEffect(() => {
    const gone = new AbortController();
    let loaded: WebModel | undefined;
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      setModel({ state: "loading", share: done / total });
    load(url, { signal: gone.signal, onProgress }).then(
      (model) => {
        loaded = model;
        if (gone.signal.aborted) model.dispose();
        else setModel({ state: "ready", model });
      },
      (error: Error) => {
        if (!gone.signal.aborted) setModel({ state: "failed", message: error.message });
      },
    );
    return () => {
      gone.abort();
      loaded?.dispose();
    };
  }, [url]);
  return model;
}
