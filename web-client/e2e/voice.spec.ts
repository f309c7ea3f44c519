/** Voice messages, spoken into the browser's own fake microphone, which beeps once a second. */
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { kept } from './kept';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import { pair } from './pair';

test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--no-first-run'],
      '--autoplay-policy=no-user-gesture-required',
    ],
  },
});

const button = (of: Person, name: string | RegExp): ReturnType<Person['page']['getByRole']> =>
  of.page.getByRole('button', { name });

/** Speaks until the clock of the recorder shows so many seconds, or more where the machine has much to do. */
async function speak(of: Person, seconds: number): Promise<void> {
  await button(of, '录制语音消息').click();
  const timer = of.page.getByRole('timer');
  await expect
    .poll(async () => Number(/^0:(\d\d)$/.exec(await timer.innerText())?.[1]), { intervals: [100] })
    .toBeGreaterThanOrEqual(seconds);
}

/** So slowly that a message of a second is still heard when a test looks. */
async function hearsSlowly({ page }: Person): Promise<void> {
  await page.evaluate(() => {
    const media = HTMLMediaElement.prototype;
    const { play } = media;
    media.play = function slowly(this: HTMLMediaElement) {
      this.playbackRate = 0.1;
      return play.call(this);
    };
  });
}

const voices = (of: Person): ReturnType<Person['page']['locator']> =>
  of.page.getByRole('log').locator('[data-voice]');

test('a voice message is spoken, listened to, sent, and heard by the other', async ({ person }, info) => {
  const { one, two } = await pair(person);
  await hearsSlowly(one);
  await speak(one, 2);
  await shoot(one.page, info, 'recording');
  await expectAccessible(one.page);
  await button(one, '停止录音').click();
  const send = button(one, '发送语音消息');
  await expect(send).toBeFocused();
  await shoot(one.page, info, 'recorded');
  await expectAccessible(one.page);
  await button(one, /^试听录音/).click();
  await expect(button(one, /^暂停语音消息/)).toBeVisible();
  await button(one, /^暂停语音消息/).click();
  await send.click();
  await expect(one.composer).toBeFocused();
  await expect(voices(one)).toHaveAttribute('data-voice', 'ready');
  await expect(voices(two)).toHaveAttribute('data-voice', 'ready');
  // Told apart from a file that happens to be sound.
  const heard = voices(two);
  await expect(heard).toHaveAttribute('aria-label', /^语音消息，0:(0[2-9]|[1-5]\d)$/);
  await expect(two.page.getByRole('list', { name: '我的会话' }).or(two.page.locator('nav'))).toContainText(
    '[语音] 0:',
  );
  // The beeps are seen: not every bar is as high as every other.
  const bars = await heard.locator('rect').evaluateAll((all) => all.map((bar) => bar.getAttribute('height')));
  expect(bars.length).toBe(48);
  expect(new Set(bars).size).toBeGreaterThan(2);

  await hearsSlowly(two);
  await button(two, /^播放语音消息/).click();
  await expect(heard).toHaveAttribute('data-voice', 'playing');
  const position = two.page.getByRole('slider', { name: '语音消息的播放位置' });
  await expect.poll(async () => Number(await position.inputValue())).toBeGreaterThan(200);
  await expectAccessible(two.page);
  await shoot(two.page, info, 'playing');
  // Near its end it is soon over, and begins anew.
  const endMs = Number(await position.getAttribute('max'));
  await position.fill(String(endMs - (endMs % 100)));
  await expect(heard).toHaveAttribute('data-voice', 'ready');
  await expect(position).toHaveValue('0');
  // It can be sought in before it is played again, and while it plays.
  await position.fill('1500');
  await expect(position).toHaveValue('1500');
  await button(two, /^播放语音消息/).click();
  await expect.poll(async () => Number(await position.inputValue())).toBeGreaterThan(1_500);
});

test('of two voice messages one is heard at a time', async ({ person }) => {
  const { one, two } = await pair(person);
  for (const count of [1, 2]) {
    await speak(one, 2);
    await button(one, '发送语音消息').click();
    await expect(voices(two)).toHaveCount(count);
    await expect(voices(two).last()).toHaveAttribute('data-voice', 'ready');
  }
  await hearsSlowly(two);
  await voices(two).first().getByRole('button').click();
  await expect(voices(two).first()).toHaveAttribute('data-voice', 'playing');
  await voices(two).last().getByRole('button').click();
  await expect(voices(two).last()).toHaveAttribute('data-voice', 'playing');
  await expect(voices(two).first()).toHaveAttribute('data-voice', 'ready');
});

test('a recording that is cancelled was never sent, and the microphone is let go of', async ({ person }) => {
  const { one } = await pair(person);
  await one.page.evaluate(() => {
    const tracks: MediaStreamTrack[] = [];
    Object.assign(globalThis, { tracks });
    const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await original(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  const states = (): Promise<string[]> =>
    one.page.evaluate(() =>
      (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map((track) => track.readyState),
    );
  await speak(one, 1);
  expect(await states()).toEqual(['live']);
  await button(one, '取消语音消息').click();
  await expect(one.composer).toBeFocused();
  await expect.poll(states).toEqual(['ended']);
  await speak(one, 1);
  await button(one, '停止录音').click();
  await expect.poll(states).toEqual(['ended', 'ended']);
  await button(one, '删除这段录音').click();
  await expect(one.composer).toBeFocused();
  await expect(voices(one)).toHaveCount(0);
  // Who leaves the room while speaking is not recorded any more.
  await speak(one, 1);
  await one.page.goto(`${one.page.url().split('#')[0] ?? ''}#/`);
  await expect(one.composer).toHaveCount(0);
  await expect.poll(states).toEqual(['ended', 'ended', 'ended']);
});

test('what was said and not sent waits in its room, and is sent as what it is', async ({ person }) => {
  const { one, two, room } = await pair(person);
  await speak(one, 1);
  const at = one.page.url();
  await one.page.goto(`${at.split('#')[0] ?? ''}#/`);
  await expect(one.page.locator('nav')).toContainText('[语音] 0:0');
  await one.page.goto(at);
  const tray = one.page.getByRole('list', { name: '待发送的文件' });
  await expect(tray.getByRole('listitem')).toContainText('语音消息，0:0');
  await expectAccessible(one.page);
  // As soon as the browser has it, also over a reload.
  await expect.poll(() => kept(one)).toMatchObject({ tray: 1 });
  await one.page.reload();
  await expect(tray.getByRole('listitem')).toContainText('语音消息，0:0');
  await one.page.getByRole('button', { name: '发送', exact: true }).click();
  await expect(voices(two)).toHaveAttribute('data-voice', 'ready');
  await expect(tray).toHaveCount(0);
  expect(one.page.url()).toContain(room);
});

for (const [error, words] of [
  ['NotAllowedError', '浏览器未允许使用麦克风'],
  ['NotFoundError', '没有找到麦克风'],
  ['NotReadableError', '无法打开麦克风'],
] as const) {
  test(`without a microphone it says what to do: ${error}`, async ({ person }) => {
    const { one } = await pair(person);
    await one.page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
    }, error);
    await button(one, '录制语音消息').click();
    await expect(one.page.getByRole('alert')).toContainText(words);
    await expect(one.composer).toBeVisible();
    await expectAccessible(one.page);
    await one.composer.fill('那就打字');
    await expect(one.page.getByRole('alert')).toHaveCount(0);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a voice message on a phone, ${colorScheme}`, async ({ person }, info) => {
    const size = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };
    const { one, two } = await pair(person, { colorScheme, ...size });
    await speak(two, 1);
    await button(two, '发送语音消息').click();
    await expect(voices(one)).toHaveAttribute('data-voice', 'ready');
    await speak(one, 1);
    await expectNoSidewaysScroll(one.page);
    await shoot(one.page, info, `voice-recording-${colorScheme}`);
    await button(one, '停止录音').click();
    await expectNoSidewaysScroll(one.page);
    await expectAccessible(one.page);
    await shoot(one.page, info, `voice-recorded-${colorScheme}`);
    await button(one, '发送语音消息').click();
    await expect(voices(one)).toHaveCount(2);
    await expect(voices(one).last()).toHaveAttribute('data-voice', 'ready');
    await expectNoSidewaysScroll(one.page);
    await expectAccessible(one.page);
    await shoot(one.page, info, `voice-${colorScheme}`);
  });
}
