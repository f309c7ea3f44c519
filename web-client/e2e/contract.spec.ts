/** The contract of the transports with a browser as the peer: what every Rust client holds, Chromium does too. */
import { chromium, expect, test as base } from '@playwright/test';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { DATAGRAM_BYTES_MAX } from '../src/protocol/generated';
import { codeNumber } from './contract/codes';
import { TransportHost } from './contract/host';
import type { ScenarioName } from './contract/peer';

/** The page that the host lets in. */
const HOME = 'https://chat.example';
/** QUIC's idle timeout of 40 s, and what a busy machine adds. */
const VANISHED_AFTER_MS = 60_000;

const test = base.extend<
  { host: TransportHost; home: Page; play: (name: ScenarioName, argument?: unknown) => Promise<unknown> },
  { script: string }
>({
  script: [
    async ({}, use) => {
      const entry = new URL('contract/peer.ts', import.meta.url).pathname;
      const built = await build({
        configFile: false,
        logLevel: 'error',
        build: {
          write: false,
          target: 'es2022',
          lib: { entry, formats: ['iife'], name: 'peer', fileName: 'peer' },
        },
      });
      const [first] = [built].flat();
      if (!first || !('output' in first)) throw new Error('nothing was built');
      await use(first.output[0].code);
    },
    { scope: 'worker' },
  ],
  host: async ({}, use) => {
    const host = await TransportHost.start();
    await use(host);
    await host.stop();
  },
  home: async ({ page }, use) => {
    await openHome(page);
    await use(page);
  },
  play: async ({ home, host, script }, use, info) => {
    const transport = transportOf(info.titlePath);
    await home.evaluate(script + '\nglobalThis.peer = peer;');
    await use((name, argument) =>
      home.evaluate(
        ([over, where, what, value]) =>
          (globalThis as unknown as { peer: { play: (...of: unknown[]) => Promise<unknown> } }).peer.play(
            over,
            where,
            what,
            value,
          ),
        [transport, host.where, name, argument] as const,
      ),
    );
  },
});

async function openHome(page: Page): Promise<void> {
  // A page that the test made comes from nowhere, and needs leave to reach this machine.
  await page.context().grantPermissions(['local-network-access']);
  await page.route(`${HOME}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>peer</title>' }),
  );
  await page.goto(`${HOME}/`);
}

const transportOf = (title: readonly string[]): string =>
  title.includes('over webtransport') ? 'webtransport' : 'websocket';

for (const transport of ['webtransport', 'websocket'] as const) {
  test.describe(`over ${transport}`, () => {
    const codes = ['malformed', 'normal', 'epoch_changed'].map(codeNumber);

    test('the server sees kind and address', async ({ play, host }) => {
      await play('bigStreamComesBack');
      const { kind, peer } = await host.next('connected');
      expect(kind).toBe(transport);
      expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
    });

    for (const [title, name] of [
      ['a big stream comes back whole', 'bigStreamComesBack'],
      ['each direction ends for itself', 'halfClose'],
      ['credit runs out and comes back', 'creditRunsOutAndComesBack'],
      ['silent streams block nobody', 'silentStreamsBlockNobody'],
      ['a thousand streams', 'aThousandStreams'],
    ] as const) {
      test(title, async ({ play }) => {
        expect(await play(name)).toBe(true);
      });
    }

    test('resets and stops come with their codes', async ({ play }) => {
      expect(await play('resetsComeWithTheirCodes', codes)).toEqual(codes);
      expect(await play('stopsComeWithTheirCodes', codes)).toEqual(codes.map((code) => [1, code]));
      const normal = codeNumber('normal');
      // Chromium forgets the code of a stop that comes together with a reset.
      const writer = transport === 'webtransport' ? 'lost' : normal;
      expect(await play('droppedHalvesEndInPeace')).toEqual([normal, writer]);
    });

    test('a given up stream reaches the server with its code', async ({ play, host }) => {
      await play('abortsReach', codes);
      await host.next('connected');
      for (const code of codes) {
        expect(await host.next('read')).toEqual({ event: 'read', ended: code });
        expect(await host.next('write')).toEqual({ event: 'write', ended: code });
      }
    });

    test('datagrams go both ways', async ({ play }) => {
      expect(await play('datagramsGoBothWays', DATAGRAM_BYTES_MAX)).toEqual([true, true]);
    });

    test('the server’s close comes with code and reason, and ends every stream', async ({ play, host }) => {
      const code = codeNumber('session_revoked');
      // A WebSocket's close has little room: the server says the code's name there.
      const reason = transport === 'webtransport' ? 'because' : 'session_revoked';
      expect(await play('serverCloses', code)).toEqual({ code, reason, stream: 'lost' });
      expect(await host.next('closed')).toEqual({ event: 'closed', code, reason: 'because' });
    });

    test('the client’s close reaches the server with code and reason', async ({ play, host }) => {
      const code = codeNumber('superseded');
      expect(await play('clientCloses', code)).toEqual({ code, reason: 'enough said', stream: 'lost' });
      const closed = await host.next('closed');
      expect(closed.code).toBe(code);
      expect(closed.reason).toContain('enough said');
    });

    test('a connection that the server lets go closes in peace', async ({ play }) => {
      expect(await play('droppedByTheServer')).toBe(codeNumber('normal'));
    });

    test('a browser that is killed is noticed', async ({ host, script }, info) => {
      const browser = await chromium.launchServer(info.project.use.launchOptions);
      const client = await chromium.connect(browser.wsEndpoint());
      const page = await client.newPage();
      await openHome(page);
      await page.evaluate(script + '\nglobalThis.peer = peer;');
      await page.evaluate(
        ([over, where]) =>
          (globalThis as unknown as { peer: { play: (...of: unknown[]) => Promise<unknown> } }).peer.play(
            over,
            where,
            'stays',
            null,
          ),
        [transport, host.where] as const,
      );
      await host.next('connected');
      await browser.kill();
      const closed = await host.next('closed', VANISHED_AFTER_MS);
      expect(closed.code).toBe(null);
    });
  });
}
