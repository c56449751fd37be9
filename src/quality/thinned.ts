/** @file A feature set with fewer rows: what is searched for copies is more than what precision and recall need. */
import type { FeatureSet } from "./feature-set.js";

/** The same statistics with at most `keep` of the rows, evenly spaced. */
export function thinned(features: FeatureSet, keep: number): FeatureSet {
  const { rows, rowCount } = features;
  if (rowCount <= keep) return features;
  const width = rows.length / rowCount;
  const fewer = new Float32Array(keep * width);
  for (let place = 0; place < keep; place++) {
    const row = Math.floor((place * rowCount) / keep);
    fewer.set(rows.subarray(row * width, (row + 1) * width), place * width);
  }
  return { ...features, rows: fewer, rowCount: keep };
}
