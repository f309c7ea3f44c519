/** What tests of uploads share: bytes to send, and the wait for what is done with them. */
import { expect } from 'vitest';
import type { Page } from './scripted_page';

export function noise(bytes: number, seed = 1): Blob {
  let state = seed;
  return new Blob([
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  ]);
}

/** Real reads and hashes take real time; the clock stands meanwhile. */
export async function until(page: Page, reached: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !reached(); turn += 1) await page.clock.pass(50);
  expect(reached()).toBe(true);
}
