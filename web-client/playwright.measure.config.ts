/** What is measured in a browser: the browser tests' runner, with one try and time enough. */
import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

export default defineConfig(tests, {
  testDir: 'measure',
  timeout: 600_000,
  retries: 0,
  expect: { timeout: 120_000 },
});
