/** @file Images that are not simply used as they are: what is unusual about them, and what becomes of them. */

/** Wider or higher than this, the centre square is less than half of an image. */
export const WIDE = 2;

/** Every kind by name: what is said of its images, and what is done with them. */
export const treatments = {
  unreadable: { images: "unreadable", treatment: "left out" },
  oversized: { images: "too large", treatment: "left out, unopened" },
  duplicate: { images: "the same pixels as another", treatment: "kept: remove the copies that are not meant" },
  animated: { images: "animated, or of several pages", treatment: "first picture taken" },
  transparent: { images: "transparent", treatment: "placed on white" },
  cmyk: { images: "CMYK", treatment: "converted to sRGB" },
  deep: { images: "more than 8 bits a channel", treatment: "reduced to 8 bits" },
  turned: { images: "turned by EXIF", treatment: "set upright" },
  grey: { images: "grey", treatment: "three equal channels" },
  wide: { images: `longer than ${WIDE}:1`, treatment: "centre square taken, the rest cut off" },
} as const;

export type Kind = keyof typeof treatments;
export const kinds = Object.keys(treatments) as Kind[];
