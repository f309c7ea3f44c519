import { describe, expect, it } from 'vitest';
import { MIDDLE, ZOOM_MAX, inside, moved, square } from './crop';

const wide = { width: 1200, height: 600 };

describe('the square of a picture', () => {
  it('is the largest in the middle, as the server would take it', () => {
    expect(square(MIDDLE, wide)).toEqual({ left: 300, top: 0, side: 600 });
    expect(square(MIDDLE, { width: 10, height: 40 })).toEqual({ left: 0, top: 15, side: 10 });
  });

  it('never leaves the picture, however it is moved or made larger', () => {
    for (const zoom of [0, 1, 2.5, 99]) {
      for (const [byX, byY] of [
        [9, 9],
        [-9, -9],
        [0.3, -0.2],
      ] as const) {
        const { left, top, side } = square(moved({ ...MIDDLE, zoom }, wide, byX, byY), wide);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(left + side).toBeLessThanOrEqual(wide.width + 1e-9);
        expect(top + side).toBeLessThanOrEqual(wide.height + 1e-9);
      }
    }
    expect(inside({ zoom: 99, x: 0, y: 1 }, wide).zoom).toBe(ZOOM_MAX);
  });

  it('goes against the finger: the picture follows it', () => {
    expect(square(moved(MIDDLE, wide, 0.25, 0), wide).left).toBe(150);
  });
});
