/** The square that is cut out of a picture: where it lies, and how it is moved about. */

export interface Size {
  width: number;
  height: number;
}

/** `zoom` 1 is the largest square there is; `x` and `y` are its middle as parts of the picture. */
export interface Crop {
  zoom: number;
  x: number;
  y: number;
}

export const ZOOM_MAX = 4;
/** As large as the server keeps one, and twice that for what it makes of it. */
export const SIDE_PX = 512;

export const MIDDLE: Crop = { zoom: 1, x: 0.5, y: 0.5 };

const within = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

/** The same crop, wholly inside the picture. */
export function inside({ zoom, x, y }: Crop, { width, height }: Size): Crop {
  const kept = within(zoom, 1, ZOOM_MAX);
  const half = Math.min(width, height) / kept / 2;
  const [partX, partY] = [half / width, half / height];
  return { zoom: kept, x: within(x, partX, 1 - partX), y: within(y, partY, 1 - partY) };
}

/** In pixels of the picture. */
export function square(crop: Crop, size: Size): { left: number; top: number; side: number } {
  const { zoom, x, y } = inside(crop, size);
  const side = Math.min(size.width, size.height) / zoom;
  return { left: x * size.width - side / 2, top: y * size.height - side / 2, side };
}

/** Moved by parts of the square's own side, as a finger moves the picture under it. */
export function moved(crop: Crop, size: Size, byX: number, byY: number): Crop {
  const { side } = square(crop, size);
  const x = crop.x - (byX * side) / size.width;
  return inside({ zoom: crop.zoom, x, y: crop.y - (byY * side) / size.height }, size);
}
