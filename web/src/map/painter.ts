/** What draws a map: WebGL2 where there is one, else a canvas; both are told the same. */

import type { Colour } from "./colour";
import type { Side } from "./sheets";
import type { Size, View } from "./view";

/** The images of a map: everything that does not change while one looks around. */
export interface Scene {
  /** Places in the scattered layout and on the grid. */
  readonly scatter: { readonly x: Float32Array; readonly y: Float32Array };
  readonly grid: { readonly x: Float32Array; readonly y: Float32Array };
  /** Width over height of each picture. */
  readonly ratios: Float32Array;
  /** Cell of each image on the sheets of everything, and the side of a sprite there. */
  readonly cells: Uint32Array;
  readonly side: Side;
  readonly sheets: number;
}

/** What is to be seen at one moment. */
export interface Frame {
  readonly view: View;
  readonly size: Size;
  /** Device pixels per pixel of the page. */
  readonly ratio: number;
  /** From 0, scattered, to 1, on the grid. */
  readonly morph: number;
  /** Longest side of a picture, pixels of the page. */
  readonly tile: number;
  /** Width of the frames in the colours of the legend, pixels of the page; 0 for none. */
  readonly frame: number;
  /** From 0, pictures, to 1, dots in the colours of the legend. */
  readonly dots: number;
  /** Colour of the ground: dim pictures are mixed with it, not see-through, or they would add up. */
  readonly ground: Colour;
  /** Points to draw, the topmost last. */
  readonly list: Uint32Array;
  readonly count: number;
  /** Grows when `list` changes. */
  readonly version: number;
}

export type Finer = "chosen" | "thumbnails";

export interface Painter {
  readonly kind: "webgl" | "canvas";
  /** Whether it copies bitmaps, so that they can be let go of. */
  readonly copies: boolean;
  /** How many pictures of each finer kind it can hold. */
  readonly room: Readonly<Record<Finer, number>>;
  open(scene: Scene): void;
  /** Take the n-th sheet of everything, then the same with half its side, and so on. */
  sheet(n: number, sizes: readonly ImageBitmap[]): void;
  /** Take one square picture of a finer kind from a bitmap and keep it in a slot. */
  keep(kind: Finer, slot: number, bitmap: ImageBitmap, x: number, y: number): void;
  /** Say in which slot a point's finer picture lies; -1 for none. */
  assign(kind: Finer, point: number, slot: number): void;
  /** Colour and prominence of each point: four bytes, the last one of `drawlist`'s states. */
  look(bytes: Uint8Array): void;
  paint(frame: Frame): void;
  close(): void;
}

/** Sides of the sprites of a sheet and of its smaller copies: down to four pixels. */
export function halves(side: Side): number[] {
  const sides: number[] = [];
  for (let each: number = side; each >= 4; each /= 2) sides.push(each);
  return sides;
}

/** Sides of the finer pictures. */
export const FINER: Readonly<Record<Finer, number>> = { chosen: 64, thumbnails: 256 };

/** How much of a dim picture shows. */
export const DIMMED = 0.14;
