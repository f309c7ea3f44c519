/**
 * The voice message that is heard. There is one sound for the whole page, so that it goes
 * on while its bubble scrolls away; whatever else begins to play ends it, and the other
 * way round. Of several that are asked for while they load, the last one is heard.
 */
import { defineStore } from 'pinia';
import { ref } from 'vue';

/** A recorder does not write how long it is: browsers know only when they have looked at its end. */
const LOOK_AT_END_S = 1e7;
/** Nobody wants to hear so little of an end. */
const END_S = 0.05;

export const usePlayback = defineStore('playback', () => {
  /** Which one it is: a message, or the recording that is about to be sent. */
  const key = ref<string | null>(null);
  const playing = ref(false);
  const positionMs = ref(0);
  let audio: HTMLAudioElement | null = null;
  let address = '';
  let frame = 0;
  let letGo: (() => void) | null = null;
  /** Whatever somebody does about sounds ends what was asked for before. */
  let turn = 0;
  let asked: string | null = null;

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
    document.addEventListener('play', pause, true);
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
  async function load(element: HTMLAudioElement, url: string, mine: number): Promise<void> {
    if (address === url) return;
    // A failure leaves nothing that could be taken for it.
    address = '';
    element.src = url;
    await event(element, 'loadedmetadata');
    if (mine !== turn) return;
    if (element.duration === Infinity) {
      element.currentTime = LOOK_AT_END_S;
      await event(element, 'durationchange');
      if (mine !== turn) return;
      element.currentTime = 0;
    }
    address = url;
  }

  /** Answers whether it is heard: something else may have been asked for while it came. */
  async function play(of: string, coming: string | Promise<string>, fromMs: number): Promise<boolean> {
    const element = make();
    pause();
    const mine = turn;
    asked = of;
    try {
      const url = await coming;
      if (mine !== turn) return false;
      if (key.value !== of) {
        release();
        key.value = of;
      }
      positionMs.value = fromMs;
      await load(element, url, mine);
      if (mine !== turn) return false;
      for (const other of document.querySelectorAll<HTMLMediaElement>('audio, video')) other.pause();
      const atEnd = fromMs / 1000 >= element.duration - END_S;
      element.currentTime = atEnd ? 0 : fromMs / 1000;
      await element.play();
      return mine === turn;
    } catch (error) {
      // What broke off for something else has not failed.
      if (mine !== turn) return false;
      throw error;
    } finally {
      if (mine === turn) asked = null;
    }
  }

  function pause(): void {
    turn += 1;
    asked = null;
    audio?.pause();
  }

  /** Nobody is there any more who asked for it; what is heard goes on. */
  function unask(of: string): void {
    if (asked === of && key.value !== of) {
      turn += 1;
      asked = null;
    }
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
    if (of !== null) unask(of);
    if (of !== null && key.value !== of) return;
    pause();
    audio?.removeAttribute('src');
    address = '';
    key.value = null;
    release();
    playing.value = false;
    positionMs.value = 0;
  }

  return { key, playing, positionMs, play, pause, unask, seek, whenLetGo, stop };
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
