/** What a person could have noticed of a connection's troubles, moment by moment. */
import type { Person } from './fixtures';

/** Notes every banner, every message that failed, and every word of the chip but the usual. */
export function watchBreaks(one: Person): Promise<void> {
  return one.page.evaluate(() => {
    const seen: string[] = [];
    const look = (): void => {
      if (document.querySelector('.banner')) seen.push('a banner');
      if (document.querySelector('[data-state=failed]')) seen.push('a message failed');
      const chip = document.querySelector('footer .chip')?.textContent ?? '';
      if (!/WebTransport|WebSocket/.test(chip)) seen.push(`the chip said ${chip}`);
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    look();
    Object.assign(globalThis, { noticed: seen });
  });
}

/** Each once. */
export const noticed = (one: Person): Promise<string[]> =>
  one.page.evaluate(() => [...new Set((globalThis as unknown as { noticed: string[] }).noticed)]);
