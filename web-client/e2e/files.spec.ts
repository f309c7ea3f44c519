/** Files between two people: how they are given, what is seen of them, and that every byte arrives. */
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { kept } from './kept';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import { pair } from './pair';
import { pictureFile as picture } from './picture_file';

const MIB = 1024 * 1024;

/** Of a file of tens of MiB, on a machine that has much to do. */
const WHOLE_MS_MAX = 120_000;

// So slow that a file of some tens of MiB is still under way when a person pauses it.
test.use({ settings: ['limits.receive_kib_per_second_per_user=4096'] });

/** A tone (RIFF WAVE, 8 kHz, 16 bits). */
function tone(seconds = 1): Buffer {
  const samples = Buffer.alloc(16_000 * seconds);
  for (let at = 0; at < 8_000 * seconds; at += 1)
    samples.writeInt16LE(Math.round(8_000 * Math.sin(at / 3)), at * 2);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

const noise = (bytes: number): Buffer => randomFillSync(Buffer.alloc(bytes));
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const card = (of: Person, name: string): Locator => of.message(name).locator('.card');
const look = (of: Person, name: string): Locator =>
  of.page.getByRole('log').getByRole('button', { name: `查看 ${name}` });

async function choose(
  of: Person,
  ...files: { name: string; mimeType: string; buffer: Buffer }[]
): Promise<void> {
  await of.page.locator('form.composer input[type=file]').setInputFiles(files);
}

const file = (
  name: string,
  buffer: Buffer,
  mimeType = '',
): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType,
  buffer,
});

async function bytesOf(download: Download): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function fetched(of: Person, name: string): Promise<Buffer> {
  const [download] = await Promise.all([
    of.page.waitForEvent('download', { timeout: WHOLE_MS_MAX }),
    of.page
      .getByRole('log')
      .getByRole('button', { name: `下载 ${name}` })
      .click(),
  ]);
  expect(download.suggestedFilename()).toBe(name);
  return bytesOf(download);
}

const pause = (of: Person, name: string): Promise<void> =>
  of.page.getByRole('button', { name: `暂停发送 ${name}` }).click();
const resume = (of: Person, name: string): Promise<void> =>
  of.page.getByRole('button', { name: `继续发送 ${name}` }).click();

const progress = (of: Person, name: string): Locator => card(of, name).getByRole('progressbar');
/** Without a wait for a bar: there is none once the file is whole. */
const bytesAt = async (bar: Locator): Promise<number> =>
  (await bar.evaluateAll((bars) => bars.map((one) => Number(one.getAttribute('value')))))[0] ?? 0;

/** Until so many bytes are there. */
const moved = (bar: Locator, atLeast: number): Promise<void> =>
  expect.poll(() => bytesAt(bar), { intervals: [50] }).toBeGreaterThan(atLeast);

/** Goes on with a paused file, until more of it is there, which may be all before anybody looks. */
async function goOn(of: Person, name: string, paused: number): Promise<void> {
  await resume(of, name);
  const isWhole = async (): Promise<boolean> =>
    (await card(of, name).getAttribute('data-file')) === 'complete';
  const bytes = async (): Promise<number> => ((await isWhole()) ? Infinity : bytesAt(progress(of, name)));
  await expect.poll(bytes, { intervals: [50] }).toBeGreaterThan(paused);
}

/**
 * Sends a part of a file and pauses, until the browser has all of it: however slow the machine
 * is, the file is then neither whole on the server nor lost by a reload.
 */
async function sendPart(of: Person, name: string, atLeast = MIB): Promise<number> {
  await moved(progress(of, name), atLeast);
  await pause(of, name);
  await expect(card(of, name)).toHaveAttribute('data-file', 'paused');
  await expect.poll(() => kept(of)).toMatchObject({ uploads: 1 });
  return bytesAt(progress(of, name));
}

for (const transport of ['webtransport', 'websocket'] as const) {
  test(`a file and what is said beside it arrive whole, over ${transport}`, async ({ person }) => {
    const { one, two } = await pair(person, { transport });
    await expect(one.chip).toContainText(transport === 'webtransport' ? 'WebTransport' : 'WebSocket');
    const bytes = noise(9 * MIB + 5);
    await choose(one, file('设计走查.fig', bytes), file('empty.txt', Buffer.alloc(0)));
    await expect(one.page.getByRole('list', { name: '待发送的文件' }).getByRole('listitem')).toHaveCount(2);
    await one.say('请大家看看');
    await expect(two.message('请大家看看')).toBeVisible();
    await expect(card(two, '设计走查.fig')).toHaveAttribute('data-file', 'complete');
    await expect(card(two, 'empty.txt')).toHaveAttribute('data-file', 'complete');
    await expect(card(one, '设计走查.fig')).toHaveAttribute('data-file', 'complete');
    await expect(one.message('请大家看看')).toHaveAttribute('data-state', 'sent');
    expect(digest(await fetched(two, '设计走查.fig'))).toBe(digest(bytes));
    expect((await fetched(two, 'empty.txt')).length).toBe(0);
    await expect(one.page.getByRole('list', { name: '待发送的文件' })).toHaveCount(0);
  });

  test(`a page that is loaded anew in the middle goes on with the file, over ${transport}`, async ({
    person,
  }) => {
    const { one, two } = await pair(person, { transport });
    const bytes = noise(64 * MIB);
    const folder = await mkdtemp(join(tmpdir(), 'rill-e2e-file-'));
    try {
      const path = join(folder, 'big.bin');
      await writeFile(path, bytes);
      await one.page.locator('form.composer input[type=file]').setInputFiles(path);
      await one.say('');
      expect(await sendPart(one, 'big.bin')).toBeLessThan(64 * MIB);
      await one.page.reload();
      await expect(card(one, 'big.bin')).toHaveAttribute('data-file', 'paused');
      await resume(one, 'big.bin');
      await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'complete', { timeout: WHOLE_MS_MAX });
      await expect(card(one, 'big.bin')).toHaveAttribute('data-file', 'complete');
      expect(digest(await fetched(two, 'big.bin'))).toBe(digest(bytes));
      await expect(one.page.getByRole('log').locator('article')).toHaveCount(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test('a file goes on by itself when its page or its server is gone for a moment', async ({
  person,
  server,
}) => {
  const { one, two } = await pair(person);
  const bytes = noise(48 * MIB);
  await choose(one, file('big.bin', bytes));
  await one.say('');
  const before = await sendPart(one, 'big.bin', 2 * MIB);
  await goOn(one, 'big.bin', before);
  await one.page.reload();
  await expect(card(one, 'big.bin')).toBeVisible();
  await server.kill();
  await server.start();
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'complete', { timeout: WHOLE_MS_MAX });
  expect(digest(await fetched(two, 'big.bin'))).toBe(digest(bytes));
});

test('another tab goes on with a file when the one that sends it is closed', async ({ person, server }) => {
  const { one, two, room } = await pair(person);
  const other = await one.page.context().newPage();
  await other.goto(`${server.url}/#/rooms/${room}`);
  await expect(other.locator('footer .chip')).toContainText(/ms/);
  const bytes = noise(48 * MIB);
  await choose(one, file('big.bin', bytes));
  await one.say('');
  const before = await sendPart(one, 'big.bin');
  await goOn(one, 'big.bin', before);
  await one.page.close();
  const taken = other.getByRole('log').locator('.card');
  await expect(taken).toHaveAttribute('data-file', 'complete', { timeout: WHOLE_MS_MAX });
  expect(digest(await fetched(two, 'big.bin'))).toBe(digest(bytes));
});

test('what somebody else is still sending shows how much of it is there, and is fetched as it grows', async ({
  person,
}, info) => {
  const { one, two } = await pair(person);
  const bytes = noise(32 * MIB);
  await choose(one, file('big.bin', bytes));
  await one.say('这是完整的录屏素材');
  // As long as its sender pauses it is neither whole nor failed.
  await sendPart(one, 'big.bin');
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'pending');
  await moved(progress(two, 'big.bin'), MIB);
  await expect(card(two, 'big.bin')).toContainText('正在发送');
  await shoot(two.page, info, 'arriving-light');
  await expectAccessible(two.page);
  const got = fetched(two, 'big.bin');
  await expect(two.page.getByRole('button', { name: '停止下载 big.bin' }).first()).toBeVisible();
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'pending');
  await resume(one, 'big.bin');
  expect(digest(await got)).toBe(digest(bytes));
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'complete');
});

test('the tray is there again after a reload, with what is said beside it', async ({ person }, info) => {
  const { one, two } = await pair(person);
  const bytes = noise(3 * MIB);
  await choose(one, file('山.png', picture(600, 400), 'image/png'), file('notes.bin', bytes));
  await one.composer.fill('昨天的路线');
  const tray = one.page.getByRole('list', { name: '待发送的文件' });
  await expect(tray.getByRole('listitem')).toHaveCount(2);
  // As soon as the browser has them.
  await expect.poll(() => kept(one)).toMatchObject({ tray: 2, drafts: 1 });
  await one.page.reload();
  await expect(tray.getByRole('listitem')).toHaveCount(2);
  await expect(tray.locator('img')).toHaveCount(1);
  await expect(one.composer).toHaveValue('昨天的路线');
  await shoot(one.page, info, 'tray-again-light');
  await one.composer.press('Enter');
  await expect(card(two, 'notes.bin')).toHaveAttribute('data-file', 'complete');
  await expect(look(two, '山.png').locator('img.loaded')).toBeVisible();
  expect(digest(await fetched(two, 'notes.bin'))).toBe(digest(bytes));
  await expect.poll(() => kept(one)).toEqual({ uploads: 0, tray: 0, drafts: 0 });
  await one.page.reload();
  await expect(card(one, 'notes.bin')).toHaveAttribute('data-file', 'complete');
  await expect(tray).toHaveCount(0);
});

test('a file that is cancelled says so to both', async ({ person }) => {
  const { one, two } = await pair(person);
  await choose(one, file('big.bin', noise(48 * MIB)));
  await one.say('');
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'pending');
  await pause(one, 'big.bin');
  await expect(card(one, 'big.bin')).toHaveAttribute('data-file', 'paused');
  await one.page.getByRole('button', { name: '取消发送 big.bin' }).click();
  await expect(card(two, 'big.bin')).toHaveAttribute('data-file', 'failed');
  await expect(card(one, 'big.bin')).toHaveAttribute('data-file', 'failed');
  await expect(card(one, 'big.bin').getByRole('button')).toHaveCount(0);
});

test('a picture has its place before it is there, and is looked at over the whole page', async ({
  person,
}, info) => {
  const { one, two } = await pair(person);
  // How far anything in the conversation moves once it is there (CLS, web.dev/cls).
  await choose(
    one,
    file('山.png', picture(1200, 800), 'image/png'),
    file('日落.png', picture(600, 900, 1), 'image/png'),
  );
  await expect(one.page.locator('.tray img')).toHaveCount(2);
  await shoot(one.page, info, 'tray-light');
  await expectAccessible(one.page);
  await one.say('昨天的路线');
  await expect(look(two, '日落.png').locator('img.loaded')).toBeVisible();
  await expect(look(two, '山.png').locator('img.loaded')).toBeVisible();
  await expect(look(one, '山.png').locator('img.loaded')).toBeVisible();

  // Anew: the boxes stand before anything was fetched, and nothing moves when it comes.
  await two.page.addInitScript(() => {
    const shifts: number[] = [];
    const known = new Set<Element>();
    Object.assign(globalThis, { shifts });
    const look = (): void => {
      for (const box of document.querySelectorAll<HTMLElement>('.picture')) {
        if (!known.has(box)) {
          known.add(box);
          box.dataset.height = String(box.offsetHeight);
        } else if (Number(box.dataset.height) !== box.offsetHeight) {
          shifts.push(box.offsetHeight);
        }
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await two.page.reload();
  await expect(look(two, '日落.png').locator('img.loaded')).toBeVisible();
  await expect(look(two, '山.png').locator('img.loaded')).toBeVisible();
  expect(await two.page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts)).toEqual([]);
  const box = await two.page.locator('.picture').first().boundingBox();
  expect(Math.round(((box?.width ?? 0) / (box?.height ?? 1)) * 100)).toBe(150);
  // The details beside it have them too.
  await expect(
    two.page.locator('aside').getByRole('button', { name: '查看 山.png' }).locator('img'),
  ).toBeVisible();
  await shoot(two.page, info, 'pictures-light');
  await expectAccessible(two.page);

  await look(two, '山.png').click();
  const dialog = two.page.getByRole('dialog', { name: '查看 山.png' });
  await expect(dialog.getByRole('img', { name: '山.png' })).toBeVisible();
  await shoot(two.page, info, 'lightbox');
  await expectAccessible(two.page);
  await two.page.keyboard.press('ArrowRight');
  await expect(two.page.getByRole('dialog', { name: '查看 日落.png' }).getByRole('img')).toBeVisible();
  // Twice as large as it was seen, with its middle in the middle; the arrows move it then.
  const stage = two.page.locator('dialog .stage');
  const width = (): Promise<number> => stage.locator('.image').evaluate((image) => image.clientWidth);
  const fromMiddle = (): Promise<number> =>
    stage.evaluate((box) => Math.round(box.scrollTop + box.clientHeight / 2 - box.scrollHeight / 2));
  const fit = await width();
  await two.page.keyboard.press('+');
  await expect.poll(async () => Math.round((await width()) / fit)).toBe(2);
  await expect.poll(async () => Math.abs(await fromMiddle())).toBeLessThanOrEqual(1);
  await two.page.keyboard.press('ArrowDown');
  await expect.poll(fromMiddle).toBeGreaterThan(50);
  await two.page.keyboard.press('0');
  await expect.poll(width).toBe(fit);
  await two.page.keyboard.press('ArrowLeft');
  await expect(two.page.getByRole('dialog', { name: '查看 山.png' }).getByRole('img')).toBeVisible();
  await two.page.keyboard.press('Escape');
  await expect(two.page.getByRole('dialog')).toHaveCount(0);
  await expect(look(two, '山.png')).toBeFocused();
});

test('files are dropped onto the conversation, and pasted', async ({ person }) => {
  const { one, two } = await pair(person);
  const data = await one.page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
    return transfer;
  });
  const pane = one.page.locator('section.pane');
  await pane.dispatchEvent('dragenter', { dataTransfer: data });
  await expect(one.page.getByText('松开即可发送到 产品设计组')).toBeVisible();
  await pane.dispatchEvent('dragover', { dataTransfer: data });
  await pane.dispatchEvent('drop', { dataTransfer: data });
  await expect(one.page.getByText('松开即可发送到 产品设计组')).toBeHidden();
  await one.composer.evaluate((input) => {
    const clipboard = new DataTransfer();
    clipboard.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }));
    input.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }),
    );
  });
  const tray = one.page.getByRole('list', { name: '待发送的文件' });
  await expect(tray.getByRole('listitem')).toHaveCount(2);
  await tray.getByRole('button', { name: '移除 dropped.txt' }).click();
  await expect(tray.getByRole('listitem')).toHaveCount(1);
  await expect(one.composer).toBeFocused();
  await one.say('');
  await expect(card(two, 'pasted.txt')).toHaveAttribute('data-file', 'complete');
  expect((await fetched(two, 'pasted.txt')).toString()).toBe('pasted');
});

test('a recording is played from where one wants, without being fetched first', async ({ person }) => {
  const { one, two } = await pair(person);
  const recording = tone(1_500);
  await choose(one, file('语音.wav', recording, 'audio/wav'));
  await one.say('');
  const asked: (string | undefined)[] = [];
  two.page.on('response', (response) => {
    if (!/\/files\/\d+$/.test(response.url())) return;
    expect(response.status()).toBe(206);
    asked.push(response.headers()['content-range']);
  });
  await two.page.getByRole('button', { name: '播放 语音.wav' }).click();
  const player = two.page.locator('audio');
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.duration)).toBeCloseTo(1_500, 1);
  await player.evaluate((audio: HTMLAudioElement) => {
    audio.currentTime = 1_400;
  });
  await expect
    .poll(() => player.evaluate((audio: HTMLAudioElement) => audio.currentTime))
    .toBeGreaterThan(1_400.2);
  // The place was asked for, not everything before it.
  const starts = asked.map((range) => Number(/^bytes (\d+)-/.exec(range ?? '')?.[1]));
  expect(Math.max(...starts)).toBeGreaterThan(recording.length / 2);
  await expect(card(two, '语音.wav').getByRole('progressbar')).toHaveCount(0);
  await player.evaluate((audio: HTMLAudioElement) => {
    audio.pause();
  });
  expect(digest(await fetched(two, '语音.wav'))).toBe(digest(recording));
});

test('a recording is played also where HTTP does not lead to it', async ({ person }) => {
  const { one, two } = await pair(person);
  await choose(one, file('语音.wav', tone(1), 'audio/wav'));
  await one.say('');
  await two.page.route(/\/files\/\d+$/, (route) => route.fulfill({ status: 502 }));
  await two.page.getByRole('button', { name: '播放 语音.wav' }).click();
  const player = two.page.locator('audio');
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.duration)).toBeCloseTo(1, 1);
  expect(await player.getAttribute('src')).toMatch(/^blob:/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const phone of [false, true]) {
    test(`files look as drawn, ${phone ? 'on a phone' : 'on a desktop'}, ${colorScheme}`, async ({
      person,
    }, info) => {
      const size = phone
        ? { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }
        : { viewport: { width: 1360, height: 860 } };
      const { one, two } = await pair(person, { colorScheme, ...size });
      await choose(two, file('山.png', picture(1200, 750), 'image/png'));
      await two.say('首屏的动效这版可以');
      await choose(two, file('设计走查-v4.fig', noise(18_600)), file('语音.wav', tone(), 'audio/wav'));
      await two.say('');
      await expect(card(one, '设计走查-v4.fig')).toHaveAttribute('data-file', 'complete');
      await expect(card(one, '语音.wav')).toBeVisible();
      await choose(one, file('首屏录屏.mp4', noise(48 * MIB)), file('压测报告.xlsx', noise(84_000)));
      await one.say('');
      await pause(one, '首屏录屏.mp4');
      await expect(card(one, '首屏录屏.mp4')).toHaveAttribute('data-file', 'paused');
      await expect(card(one, '压测报告.xlsx')).toHaveAttribute('data-file', 'complete');
      await choose(one, file('日落.png', picture(600, 900, 1), 'image/png'), file('合同.pdf', noise(3_000)));
      await expect(one.page.locator('.tray img')).toHaveCount(1);
      await expect(look(one, '山.png').locator('img.loaded')).toHaveCount(1);
      const name = `files-${phone ? 'phone' : 'desktop'}-${colorScheme}`;
      await shoot(one.page, info, name);
      await expectAccessible(one.page);
      await expectNoSidewaysScroll(one.page);
      await one.page.getByRole('log').evaluate((box) => {
        box.scrollTop = 0;
      });
      await shoot(one.page, info, `${name}-above`);
    });
  }
}
