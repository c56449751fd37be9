/** @file Style sheets, which esbuild gathers into one file. */
declare module "*.css";
