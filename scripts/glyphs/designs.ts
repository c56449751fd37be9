/** @file Families that share a design: under another name, with another alphabet beside the Latin one, or as a later edition. */
import { difference, type Face, faceInk } from "./rules.js";

/** Share of ink that differs between two faces, below which their families are one design. */
const SAME_DESIGN = 0.045;

/** The design of every family: the first by name of those that it is linked to by a pair of faces, directly or through others. */
export function designsOf(faces: readonly Face[]): Map<string, string> {
  const design = new Map(faces.map(({ family }) => [family, family]));
  const inks = faces.map(faceInk);
  const rename = (from: string, to: string) => {
    for (const [family, name] of design) if (name === from) design.set(family, to);
  };
  for (const [a, one] of faces.entries()) {
    for (const [b, other] of faces.entries()) {
      if (b <= a || design.get(one.family) === design.get(other.family)) continue;
      if (difference(inks[a], inks[b], SAME_DESIGN) >= SAME_DESIGN) continue;
      const [first, second] = [design.get(one.family)!, design.get(other.family)!].sort();
      rename(second, first);
    }
  }
  return design;
}
