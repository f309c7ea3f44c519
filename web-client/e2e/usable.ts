/** How soon a page can be used: a message typed as early as possible, until it is confirmed. */
import { availableParallelism, loadavg } from 'node:os';
import type { BrowserContext, Page } from '@playwright/test';

/** The chat is usable this soon after the page load began, on a machine that has time for it. */
const USABLE_WITHIN_MS = 1_000;

/** What a first load takes on such a machine with nothing in its way. */
const UNHINDERED_MS = 450;

/**
 * The same where others keep the machine busy, by as much as there is more to do than cores; and on a
 * slower one, by as much longer as a load takes there with nothing in its way.
 */
export function usableWithinMs(unhinderedMs = 0): number {
  const busy = (loadavg()[0] ?? 0) / availableParallelism();
  return USABLE_WITHIN_MS * Math.max(1, busy, unhinderedMs / UNHINDERED_MS);
}

export interface Usable {
  /** Milliseconds since the navigation began. */
  composerMs: number;
  confirmedMs: number;
}

type Watched = typeof globalThis & { usable?: Promise<Usable> };

/** From the next page load on. The page itself takes the time, so that the test's wire adds nothing. */
export async function watchUsable(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const found = async <E extends Element>(selector: string): Promise<E> => {
      for (;;) {
        const element = document.querySelector<E>(selector);
        if (element) return element;
        await new Promise((frame) => requestAnimationFrame(frame));
      }
    };
    const measure = async (): Promise<Usable> => {
      const composer = await found<HTMLTextAreaElement>('textarea:enabled');
      const composerMs = performance.now();
      const text = `typed at ${String(composerMs)}`;
      composer.value = text;
      composer.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((frame) => requestAnimationFrame(frame));
      composer.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      for (;;) {
        const sent = [...document.querySelectorAll('article[data-state=sent]')];
        if (sent.some((row) => row.textContent.includes(text)))
          return { composerMs, confirmedMs: performance.now() };
        await new Promise((frame) => requestAnimationFrame(frame));
      }
    };
    (globalThis as Watched).usable = measure();
  });
}

export async function usable(page: Page): Promise<Usable> {
  const found = await page.evaluate(() => (globalThis as Watched).usable);
  if (!found) throw new Error('the page was not watched');
  return found;
}
