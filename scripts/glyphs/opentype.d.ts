/** What the drawing of glyphs needs of opentype.js, whose package is installed in this folder alone. */
declare module "opentype.js" {
  export interface Path {
    /** SVG path data. */
    toPathData(decimals: number): string;
    getBoundingBox(): { x1: number; y1: number; x2: number; y2: number };
  }
  export interface Glyph {
    /** 0: the glyph of characters that the font lacks. */
    index: number;
    getPath(x: number, y: number, fontSize: number): Path;
  }
  export interface Font {
    charToGlyph(character: string): Glyph;
  }
  const opentype: { parse(buffer: ArrayBuffer): Font };
  export default opentype;
}
