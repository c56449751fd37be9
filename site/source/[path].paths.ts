/** @file A page for every source file that other pages link to. */
import { sourcePages } from "../.vitepress/repository.js";

export default {
  paths: () => [...sourcePages()].map(([path, content]) => ({ params: { path }, content })),
};
