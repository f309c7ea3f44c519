import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Each test starts a server of its own; two cores carry one at a time.
  workers: 1,
  timeout: 240_000,
  // A machine that others use can starve a browser for seconds. The report names what
  // needed its second try; what fails twice is broken.
  retries: 1,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
});
