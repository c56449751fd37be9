/** @file A picture on a canvas. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Picture } from "./backend.js";

/** Shows a picture, its pixels as squares, in the frame in which the page says that it is there; nothing before there is one. */
export function Pixels({ picture }: { picture: Picture | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (!picture || !canvas.current) return;
    canvas.current.width = picture.resolution;
    canvas.current.height = picture.resolution;
    canvas.current.getContext("2d")!.putImageData(new ImageData(picture.rgba, picture.resolution), 0, 0);
  }, [picture]);
  return <canvas ref={canvas} class={picture ? "pixels" : "pixels empty"} />;
}
