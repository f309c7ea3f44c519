/** What every view is held to: accessibility, no sideways scrolling, and a picture to look at. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page, TestInfo } from '@playwright/test';
import { expect } from './fixtures';

const axePath = createRequire(import.meta.url).resolve('axe-core');

export async function expectAccessible(page: Page): Promise<void> {
  // The policy of the page allows no foreign script tag; evaluating is the browser's own right.
  await page.evaluate(await readFile(axePath, 'utf8'));
  const violations = await page.evaluate(async () => {
    // What is still fading in has not the contrast that it will have.
    const isFinite = ({ effect }: Animation): boolean => effect?.getTiming().iterations !== Infinity;
    await Promise.all(
      document
        .getAnimations()
        .filter(isFinite)
        .map(({ finished }) => finished),
    );
    const { axe } = window as unknown as {
      axe: {
        run: () => Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const found = await axe.run();
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html}\n${node.failureSummary}`).join('\n')}`,
    );
  });
  expect(violations).toEqual([]);
}

export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter(
        (element) => element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility(),
      )
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  expect(wide).toEqual([]);
}

export async function shoot(page: Page, info: TestInfo, name: string): Promise<void> {
  await info.attach(name, {
    body: await page.screenshot({ path: info.outputPath(`${name}.png`) }),
    contentType: 'image/png',
  });
}
