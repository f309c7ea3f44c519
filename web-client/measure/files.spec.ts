/**
 * How fast a page sends and fetches a file of fresh random bytes, over WebTransport and over
 * WebSocket in the same run. The transports take turns at being first; what is told are the
 * medians of the pairs. Every file is fetched again and its digest compared.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from '../e2e/fixtures';
import type { Person, Transport } from '../e2e/fixtures';

const MIB = 1024 * 1024;
const size = Number(process.env.FILES_MIB ?? 64);
const pairs = Number(process.env.FILES_PAIRS ?? 5);
const TRANSPORTS: readonly Transport[] = ['webtransport', 'websocket'];

interface Rates {
  up: number[];
  down: number[];
}

test.use({
  settings: ['limits.receive_kib_per_second_per_user=0', 'limits.receive_kib_per_second_per_address=0'],
});

/** Milliseconds from the first byte that may be sent until the server has said that the file is whole. */
function watchUpload(page: Page, name: string): Promise<number> {
  return page.evaluate(
    (file) =>
      new Promise<number>((resolve) => {
        let beganAtMs = 0;
        const look = (): void => {
          const cards = [...document.querySelectorAll<HTMLElement>('[role=log] .card')];
          const state = cards.find((card) => card.textContent.includes(file))?.dataset.file;
          if (beganAtMs === 0 && state && state !== 'queued') beganAtMs = performance.now();
          if (state === 'complete') resolve(performance.now() - beganAtMs);
          else requestAnimationFrame(look);
        };
        look();
      }),
    name,
  );
}

/** Milliseconds from the press until the file is there as a whole, and its digest. */
function download(page: Page, name: string): Promise<{ ms: number; digest: string }> {
  return page.evaluate(
    (file) =>
      new Promise<{ ms: number; digest: string }>((resolve) => {
        const make = URL.createObjectURL.bind(URL);
        const sinceMs = performance.now();
        URL.createObjectURL = (blob) => {
          const ms = performance.now() - sinceMs;
          URL.createObjectURL = make;
          void (blob as Blob)
            .arrayBuffer()
            .then((bytes) => crypto.subtle.digest('SHA-256', bytes))
            .then((found) => {
              const digest = [...new Uint8Array(found)].map((byte) => byte.toString(16).padStart(2, '0'));
              resolve({ ms, digest: digest.join('') });
            });
          return make(blob);
        };
        const cards = [...document.querySelectorAll<HTMLElement>('[role=log] .card')];
        const card = cards.find((one) => one.textContent.includes(file));
        [...(card?.querySelectorAll('button') ?? [])].at(-1)?.click();
      }),
    name,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = sorted.slice(sorted.length % 2 ? middle : middle - 1);
  return sorted.length % 2 ? low : (low + high) / 2;
}

test(`${String(size)} MiB up and down, over both transports`, async ({ person }, info) => {
  const rates = new Map<Transport, Rates>(TRANSPORTS.map((name) => [name, { up: [], down: [] }]));
  const people = new Map<Transport, Person>();
  let room = '';
  for (const transport of TRANSPORTS) {
    const one = await person(transport);
    await one.register();
    if (room === '') room = await one.makeRoom('files');
    else await one.enterRoom(room);
    await one.open(`/rooms/${room}`, transport);
    await expect(one.chip).toContainText(transport === 'webtransport' ? 'WebTransport' : 'WebSocket');
    people.set(transport, one);
  }
  const folder = await mkdtemp(join(tmpdir(), 'rill-measure-'));
  try {
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const transport of pair % 2 ? [...TRANSPORTS].reverse() : TRANSPORTS) {
        const one = people.get(transport);
        const found = rates.get(transport);
        if (!one || !found) throw new Error('nobody is there');
        const bytes = randomFillSync(Buffer.alloc(size * MIB));
        const name = `${transport}-${String(pair)}.bin`;
        await writeFile(join(folder, name), bytes);
        await one.page.locator('form.composer input[type=file]').setInputFiles(join(folder, name));
        await one.say('');
        const upMs = await watchUpload(one.page, name);
        const { ms: downMs, digest } = await download(one.page, name);
        expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
        found.up.push(size / (upMs / 1_000));
        found.down.push(size / (downMs / 1_000));
        await rm(join(folder, name));
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const report = [...rates].map(([transport, { up, down }]) => ({
    ...{ transport, mib: size, pairs },
    mib_per_s: { up: median(up), down: median(down) },
    runs: { up, down },
  }));
  const rounded = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(' ');
  for (const {
    transport,
    mib_per_s: { up, down },
    runs,
  } of report) {
    console.log(`    ${transport.padEnd(12)} up ${up.toFixed(1)} MiB/s (${rounded(runs.up)})`);
    console.log(`    ${''.padEnd(12)} down ${down.toFixed(1)} MiB/s (${rounded(runs.down)})`);
  }
  await writeFile(info.outputPath('browser-files.json'), JSON.stringify(report, null, 2));
  if (process.env.FILES_JSON) await writeFile(process.env.FILES_JSON, JSON.stringify(report, null, 2));
});
