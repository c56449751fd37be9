/**
 * @file Normal numbers from random words, by arithmetic that IEEE 754 rounds correctly (+ − × ÷ √) and nothing else: so they are the
 * same in every JavaScript engine, as those of `Math.log`, `Math.cos` and `Math.sin` are not, and come sooner.
 */

const WORD = 2 ** 32;

/** 2⁻ᵉ by e. */
const POWERS = Float64Array.from({ length: 33 }, (_, exponent) => 2 ** -exponent);

/**
 * −ln u of u = (word + ½) / 2³²: with word + ½ = m 2ᵉ and √½ ≤ m ≤ √2,
 *
 *     −ln u = (32 − e) ln 2 − 2 artanh s        s = (m − 1) / (m + 1)        artanh s = s + s³/3 + s⁵/5 + …
 *
 * Here |s| ≤ 0.172, and what is left out after s²¹/21 is below 10⁻¹⁷ of it. (The word 0 alone has m = ½, and an error of 10⁻¹³.)
 */
function minusLogUniform(word: number): number {
  let e = 31 - Math.clz32(word | 1);
  let m = (word + 0.5) * POWERS[e];
  if (m > Math.SQRT2) {
    m *= 0.5;
    e++;
  }
  const s = (m - 1) / (m + 1);
  const t = s * s;
  // biome-ignore format: the terms of a series, in a row
  const series = t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t * (1 / 13 + t * (1 / 15 + t * (1 / 17 + t * (1 / 19 + t * (1 / 21))))))))));
  return (32 - e) * Math.LN2 - 2 * (s + s * series);
}

/** sin x for |x| ≤ π/4 by its power series up to x¹⁵/15!: what is left out is below 10⁻¹⁶ of it. */
function sine(x: number): number {
  const y = x * x;
  // biome-ignore format: the terms of a series, in a row
  return x + x * y * (-1 / 6 + y * (1 / 120 + y * (-1 / 5_040 + y * (1 / 362_880 + y * (-1 / 39_916_800 + y * (1 / 6_227_020_800 + y * (-1 / 1_307_674_368_000)))))));
}

/** cos x for |x| ≤ π/4 by its power series up to x¹⁶/16!. */
function cosine(x: number): number {
  const y = x * x;
  // biome-ignore format: the terms of a series, in a row
  return 1 + y * (-1 / 2 + y * (1 / 24 + y * (-1 / 720 + y * (1 / 40_320 + y * (-1 / 3_628_800 + y * (1 / 479_001_600 + y * (-1 / 87_178_291_200 + y * (1 / 20_922_789_888_000))))))));
}

/** A quarter turn, of angles on a scale of 2³². */
const QUARTER = 2 ** 30;

/** Cosine and sine of 0 to 3 quarter turns. */
const [COSINES, SINES] = [Float64Array.of(1, 0, -1, 0), Float64Array.of(0, 1, 0, -1)];

/**
 * Standard normal numbers by the Box–Muller transform (Box & Muller, "A Note on the Generation of Random Normal Deviates", 1958), two
 * from each pair of words, in float64 until stored:
 *
 *     z_2n = √(−2 ln u) cos 2πv        z_2n+1 = √(−2 ln u) sin 2πv        u = (word_2n + ½) / 2³², v = word_2n+1 / 2³²
 *
 * The nearest quarter turn is taken off 2πv exactly, while it is an integer.
 *
 * @param words - uniform 32-bit words, as many as numbers, or one more
 * @param target - what lies past its end is dropped
 */
export function boxMuller(words: Uint32Array, target: Float32Array): void {
  for (let i = 0; i < target.length; i += 2) {
    const radius = Math.sqrt(2 * minusLogUniform(words[i]));
    const turn = words[i + 1];
    const quarters = ((turn + QUARTER / 2) / QUARTER) & 3;
    const angle = ((turn - quarters * QUARTER) | 0) * ((2 * Math.PI) / WORD); // in [-π/4, π/4]
    const c = radius * cosine(angle);
    const s = radius * sine(angle);
    target[i] = c * COSINES[quarters] - s * SINES[quarters]; // of a sum of angles; no branch to be guessed
    target[i + 1] = s * COSINES[quarters] + c * SINES[quarters];
  }
}
