import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { emojiData } from './emoji_data.ts';

/** Where a running server's page port is, for `npm run dev`. */
const server = process.env.RILL_HTTP ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [vue(), emojiData()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Every asset is a file of its own, so that the page's CSP needs no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  server: {
    proxy: {
      '/api': server,
      '/rill': { target: server, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    // A test that hangs has failed; one on a machine that does other things has not.
    testTimeout: 30_000,
  },
});
