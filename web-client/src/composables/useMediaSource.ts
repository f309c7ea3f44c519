/**
 * From where a recording is played: by HTTP, in ranges that the browser asks for, so that it
 * begins before it is there and can be sought in. Where that way does not go (no cookie, a
 * proxy in between), it is fetched whole over the connection, like any file. A way that did go
 * and broke is waited for.
 */
import { computed, onScopeDispose, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { fileAddress, fileWay } from '../client/http';
import type { FileWay } from '../client/http';
import { FileVariant } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';
import { useLink } from '../stores/link';
import { useTransfers } from '../stores/transfers';
import { percent } from '../text/bytes';
import { useFileUrl } from './useFileUrl';

export interface Recording {
  room: RoomId;
  seq: number;
}

/** What the element says when it stops. */
export interface Break {
  /** It has played: its way did go, and the browser can play it. */
  begun: boolean;
  atSeconds: number;
  /** `MediaError.code`, if it says one. */
  code: number | undefined;
}

/** Before the way is looked at again; the longer it is gone, the more seldom. */
const LOOK_MS = 1_000;
const LOOK_MS_MAX = 15_000;
/** Looks without an answer, while the connection stands, before it is fetched whole. */
const LOOKS_MAX = 5;
/** The same where nothing has come yet. */
const FIRST_LOOKS_MAX = 2;
/** Breaks at one place, while the way goes, before it is fetched whole. */
const BREAKS_MAX = 4;
const SAME_PLACE_S = 1;
/** Of `MediaError` (HTML, media elements). */
const [NETWORK, DECODE] = [2, 3];

export function useMediaSource(of: () => Recording | null): {
  src: ComputedRef<string | null>;
  /** In percent, where it has to be there before it plays. */
  coming: ComputedRef<number>;
  /** Its way broke, and is waited for. */
  waiting: Ref<boolean>;
  error: Ref<unknown>;
  /** The browser cannot play what it got. */
  unplayable: Ref<boolean>;
  /** The element says that it got nothing, or nothing that it can play. */
  broke: (how: Break) => Promise<void>;
  again: () => void;
} {
  const transfers = useTransfers();
  const link = useLink();
  const overHttp = ref(true);
  const waiting = ref(false);
  const unplayable = ref(false);
  let last = { atSeconds: -Infinity, breaks: 0 };
  let turn = 0;
  let wake: () => void = () => undefined;
  const whole = useFileUrl(() => {
    const recording = of();
    return recording && !overHttp.value ? { ...recording, variant: FileVariant.original } : null;
  });
  const src = computed(() => {
    const recording = of();
    if (!recording || unplayable.value || waiting.value) return null;
    return overHttp.value ? fileAddress(recording.room, recording.seq) : whole.url.value;
  });
  const coming = computed(() => {
    const recording = of();
    const download = recording && transfers.download(recording.room, recording.seq);
    return download ? percent(download.bytes, download.size) : 0;
  });

  async function broke({ begun, atSeconds, code }: Break): Promise<void> {
    const recording = of();
    if (!recording) return;
    if (!overHttp.value) {
      unplayable.value = true;
      return;
    }
    turn += 1;
    const mine = turn;
    waiting.value = begun;
    let way = await fileWay(recording.room, recording.seq);
    const hasToWait = mine === turn && waits(way, begun);
    let looks = begun ? LOOKS_MAX : FIRST_LOOKS_MAX;
    for (let pauseMs = LOOK_MS; mine === turn && looks > 0 && waits(way, begun); pauseMs *= 2) {
      waiting.value = true;
      await rest(Math.min(pauseMs, LOOK_MS_MAX));
      if (link.link.phase === 'online') looks -= 1;
      if (mine === turn) way = await fileWay(recording.room, recording.seq);
    }
    if (mine !== turn) return;
    waiting.value = false;
    // Of an answer that did not come an element says the same as of one that it does not understand.
    const cannot = code === DECODE || (!begun && !hasToWait && code !== NETWORK);
    if (way !== 'goes') overHttp.value = false;
    else if (cannot) unplayable.value = true;
    else if (isStuck(atSeconds)) overHttp.value = false;
  }

  /** What answers in the place of a server that is away is waited for by who has got something there. */
  const waits = (way: FileWay, begun: boolean): boolean => way === 'gone' || (way === 'away' && begun);

  /** It breaks here again and again, though the way goes. */
  function isStuck(atSeconds: number): boolean {
    const same = Math.abs(atSeconds - last.atSeconds) <= SAME_PLACE_S;
    last = { atSeconds, breaks: same ? last.breaks + 1 : 1 };
    return last.breaks >= BREAKS_MAX;
  }

  /** Until it is time to look again, or there is a connection. */
  function rest(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  watch(
    () => link.link.phase === 'online',
    (online) => {
      if (online) wake();
    },
  );

  function forget(): void {
    turn += 1;
    wake();
    waiting.value = false;
  }
  onScopeDispose(forget);

  function again(): void {
    unplayable.value = false;
    if (!overHttp.value) whole.again();
  }

  watch(
    () => {
      const recording = of();
      return recording && `${recording.room} ${String(recording.seq)}`;
    },
    () => {
      forget();
      overHttp.value = true;
      unplayable.value = false;
      last = { atSeconds: -Infinity, breaks: 0 };
    },
  );
  return { src, coming, waiting, error: whole.error, unplayable, broke, again };
}
