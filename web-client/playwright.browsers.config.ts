/** The smoke test of other browsers: the same runner, without a browser of its own. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'browsers',
  outputDir: 'test-results',
  workers: 1,
  timeout: 180_000,
  reporter: [['list']],
});
