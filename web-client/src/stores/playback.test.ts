// @vitest-environment jsdom
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { usePlayback } from './playback';

/** A sound that loads when a test says so. */
class Sound extends EventTarget {
  static made: Sound[] = [];
  src = '';
  duration = NaN;
  currentTime = 0;
  paused = true;

  constructor() {
    super();
    Sound.made.push(this);
  }

  play(): Promise<void> {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }

  removeAttribute(): void {
    this.src = '';
  }

  loaded(seconds = 5): void {
    this.duration = seconds;
    this.dispatchEvent(new Event('loadedmetadata'));
  }
}

const sound = (): Sound => {
  const [made] = Sound.made;
  if (!made) throw new Error('no sound was made');
  return made;
};

/** An address that comes when a test says so. */
function coming(): { url: Promise<string>; comes: (url: string) => void; fails: () => void } {
  let comes: (url: string) => void = () => undefined;
  let fails = (): void => undefined;
  const url = new Promise<string>((resolve, reject) => {
    comes = resolve;
    fails = () => {
      reject(new Error('no connection'));
    };
  });
  return { url, comes, fails };
}

/** Until the sound is to play this. */
const loads = (url: string): Promise<void> =>
  vi.waitFor(() => {
    expect(sound().src).toBe(url);
  });

beforeEach(() => {
  setActivePinia(createPinia());
  Sound.made = [];
  vi.stubGlobal('Audio', Sound);
});

it('one that comes late does not interrupt another that was asked for later', async () => {
  const playback = usePlayback();
  const slow = coming();
  const first = playback.play('first', slow.url, 0);
  const second = playback.play('second', 'blob:2', 1_500);
  await loads('blob:2');
  sound().loaded();
  expect(await second).toBe(true);
  slow.comes('blob:1');
  expect(await first).toBe(false);
  expect(playback.key).toBe('second');
  expect(playback.playing).toBe(true);
  expect(sound().src).toBe('blob:2');
  expect(sound().currentTime).toBe(1.5);
});

it('one that is overtaken while it is looked into does not take the other for itself', async () => {
  const playback = usePlayback();
  const first = playback.play('first', 'blob:1', 3_000);
  await loads('blob:1');
  const second = playback.play('second', 'blob:2', 0);
  await loads('blob:2');
  sound().loaded();
  expect([await first, await second]).toEqual([false, true]);
  expect([playback.key, sound().currentTime]).toEqual(['second', 0]);
});

it('one that fails after another was asked for says nothing', async () => {
  const playback = usePlayback();
  const slow = coming();
  const first = playback.play('first', slow.url, 0);
  const second = playback.play('second', 'blob:2', 0);
  await loads('blob:2');
  sound().loaded();
  await second;
  slow.fails();
  expect(await first).toBe(false);
});

it.each([
  ['a film begins', () => document.body.querySelector('video')?.dispatchEvent(new Event('play'))],
  ['somebody begins to speak', () => usePlayback().pause()],
  ['its room is left', () => usePlayback().stop()],
  ['its bubble is gone', () => usePlayback().unask('first')],
])('one that still comes is not heard when %s', async (_what, happens) => {
  document.body.innerHTML = '<video></video>';
  const playback = usePlayback();
  const slow = coming();
  const first = playback.play('first', slow.url, 0);
  happens();
  slow.comes('blob:1');
  expect(await first).toBe(false);
  expect(sound().paused).toBe(true);
});

it('what could not be loaded is loaded anew', async () => {
  const playback = usePlayback();
  const first = playback.play('first', 'blob:1', 0);
  await loads('blob:1');
  sound().dispatchEvent(new Event('error'));
  await expect(first).rejects.toThrow('this cannot be played');
  sound().src = '';
  const again = playback.play('first', 'blob:1', 0);
  await loads('blob:1');
  sound().loaded();
  expect(await again).toBe(true);
});

it('gives back what is heard no more', async () => {
  const playback = usePlayback();
  const given: string[] = [];
  for (const name of ['first', 'second']) {
    const heard = playback.play(name, `blob:${name}`, 0);
    await loads(`blob:${name}`);
    sound().loaded();
    await heard;
    playback.whenLetGo(name, () => given.push(name));
  }
  expect(given).toEqual(['first']);
  playback.stop();
  expect(given).toEqual(['first', 'second']);
});
