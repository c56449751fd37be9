/** @file What a page may ask for: everything that arrives is checked against this before it is used. */
import { z } from "zod";
import { UserError } from "../errors.js";

/** Pictures of one request: twice the largest grid of the page. */
const MOST_PICTURES = 128;

const seed = z.int().nonnegative();
const origin = z.union([
  z.strictObject({ seed, sample: z.int().min(0).max(999_999) }),
  z.strictObject({ image: z.string().regex(/^[0-9a-f]{24}$/) }),
]);
const count = z.int().min(0).max(10_000);

const recipe = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("origin"), origin }),
  z.strictObject({ kind: z.literal("variation"), origin, keep: count, seed, number: z.int().min(0).max(0xffff_ffff) }),
  z.strictObject({
    kind: z.literal("between"),
    from: origin,
    to: origin,
    position: z.number().min(0).max(1),
    groups: count,
  }),
]);

const weight = z.number();
const byResolution = { resolution: z.int().positive() };

const picture = z.strictObject({
  recipe,
  seed: seed.optional(),
  label: z.int().nonnegative().optional(),
  guidance: z
    .union([
      z.strictObject({ mean: weight, variance: weight }),
      z.array(z.strictObject({ ...byResolution, mean: weight, variance: weight })).max(64),
    ])
    .optional(),
  refined: z.number().optional(),
  guidanceRule: z.enum(["extrapolate", "product"]).optional(),
  temperature: z
    .union([z.number(), z.array(z.strictObject({ ...byResolution, temperature: z.number() })).max(64)])
    .optional(),
});

/** Pictures to draw, and the model that enlarges them. */
export const drawRequest = z.strictObject({
  pictures: z.array(picture).min(1).max(MOST_PICTURES),
  enlarger: z.string().max(200).optional(),
});

/** How to encode the image that is the body. */
export const encodeRequest = z.strictObject({
  label: z.coerce.number().int().nonnegative().optional(),
  seed: z.coerce.number().pipe(seed),
});

/**
 * A request that fits its schema.
 *
 * @throws UserError when it does not
 */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UserError("invalid-options", `The request does not fit:\n${z.prettifyError(result.error)}`);
}
