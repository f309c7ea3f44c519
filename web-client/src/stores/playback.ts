/**
 * The voice message that is heard. There is one sound for the whole page, so that it goes
 * on while its bubble scrolls away; whatever else begins to play ends it, and the other
 * way round.
 */
import { defineStore } from 'pinia';
import { ref } from 'vue';

export const usePlayback = defineStore('playback', () => {
  /** Which one it is: a message, or the recording that is about to be sent. */
  const key = ref<string | null>(null);
  const playing = ref(false);
  const positionMs = ref(0);
  let audio: HTMLAudioElement | null = null;
  let address = '';
  let frame = 0;
  let letGo: (() => void) | null = null;

  /** A recorder does not write how long it is: browsers know only when they have looked at its end. */
  const LOOK_AT_END_S = 1e7;

  function make(): HTMLAudioElement {
    if (audio) return audio;
    const made = new Audio();
    made.preload = 'auto';
    made.addEventListener('play', () => {
      playing.value = true;
      follow();
    });
    made.addEventListener('pause', () => {
      playing.value = false;
    });
    made.addEventListener('ended', () => {
      playing.value = false;
      positionMs.value = 0;
    });
    // Caught on its way down: media in the page tell of their beginning to nobody else.
    document.addEventListener(
      'play',
      () => {
        made.pause();
      },
      true,
    );
    audio = made;
    return made;
  }

  /** The position as it is drawn: often enough to move without jumps. */
  function follow(): void {
    cancelAnimationFrame(frame);
    const step = (): void => {
      if (!audio || !playing.value) return;
      positionMs.value = audio.currentTime * 1000;
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  }

  /** Loads what `url` holds, and waits until it can be sought in. */
  async function load(of: string, url: string): Promise<void> {
    const element = make();
    element.pause();
    if (address !== url) {
      address = url;
      element.src = url;
      await event(element, 'loadedmetadata');
      if (element.duration === Infinity) {
        element.currentTime = LOOK_AT_END_S;
        await event(element, 'durationchange');
        element.currentTime = 0;
      }
    }
    if (key.value !== of) {
      release();
      positionMs.value = 0;
    }
    key.value = of;
  }

  async function play(of: string, url: string, fromMs: number): Promise<void> {
    await load(of, url);
    for (const other of document.querySelectorAll<HTMLMediaElement>('audio, video')) other.pause();
    const element = make();
    const atEnd = fromMs / 1000 >= element.duration - 0.05;
    element.currentTime = atEnd ? 0 : fromMs / 1000;
    await element.play();
  }

  function pause(): void {
    audio?.pause();
  }

  function seek(of: string, toMs: number): void {
    if (key.value !== of || !audio) return;
    audio.currentTime = toMs / 1000;
    positionMs.value = toMs;
  }

  /** What to do when this one is heard no more; at once, if it is not heard. */
  function whenLetGo(of: string, then: () => void): void {
    if (key.value !== of) {
      then();
      return;
    }
    release();
    letGo = then;
  }

  function release(): void {
    const held = letGo;
    letGo = null;
    held?.();
  }

  /** Its address is about to be no more, or nobody is there to hear it. */
  function stop(of: string | null = null): void {
    if (of !== null && key.value !== of) return;
    audio?.pause();
    audio?.removeAttribute('src');
    address = '';
    key.value = null;
    release();
    playing.value = false;
    positionMs.value = 0;
  }

  return { key, playing, positionMs, play, pause, seek, whenLetGo, stop };
});

function event(element: HTMLMediaElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => (): void => {
      element.removeEventListener(name, good);
      element.removeEventListener('error', bad);
      done();
    };
    const good = settle(resolve);
    const bad = settle(() => {
      reject(new Error('this cannot be played'));
    });
    element.addEventListener(name, good);
    element.addEventListener('error', bad);
  });
}
