/**
 * The page's end of the worker's port: one worker per tab, started after the login and
 * ended by the logout. Its events go to the stores; what the page wants goes to it.
 */
import { defineStore } from 'pinia';
import type {
  Command,
  Event,
  KnownServer,
  PortError,
  RequestName,
  Requests,
  ToPage,
  ToWorker,
} from '../client/port';
import { newStored } from '../client/files/upload_store';
import type { RoomId, UserId } from '../protocol/generated';
import { newId } from '../protocol/id';
import { isIos } from '../transport/plan';
import type { TransportName } from '../transport/transport';
import { useAttachments } from './attachments';
import type { ReadyAttachment } from './attachments';
import { useAvatars } from './avatars';
import { useCustomEmoji } from './custom_emoji';
import { useDrafts } from './drafts';
import { useErasures } from './erasures';
import { useLightbox } from './lightbox';
import { useLink } from './link';
import { useMedia } from './media';
import { useMembership } from './membership';
import { useMembers } from './members';
import { useOutbox } from './outbox';
import { usePlayback } from './playback';
import { usePeople } from './people';
import { useMarks } from './marks';
import { resetPersonal, takePersonal } from './personal';
import { resetSocial, takeSocial } from './social';
import { useReceipts } from './receipts';
import { useRooms } from './rooms';
import { useSession } from './session';
import { useTimeline } from './timeline';
import { useTransfers } from './transfers';
import { useUndo } from './undo';

export class RequestRefused extends Error {
  constructor(override readonly cause: PortError) {
    super(cause.detail);
  }
}

/** What is given to be sent: chosen, or just spoken. */
export type Sendable = Omit<ReadyAttachment, 'id'> & { id?: string };

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

export const useChat = defineStore('chat', () => {
  let worker: Worker | null = null;
  /** Loaded and idle. */
  let spare: Worker | null = null;
  let lastAsk = 0;
  let lastMs = 0;
  const waiting = new Map<number, Waiting>();

  const makeWorker = (): Worker =>
    new Worker(new URL('../client/worker.ts', import.meta.url), { type: 'module', name: 'rill' });

  /** Loads the worker while the page still asks who is logged in. */
  function prepare(): void {
    spare ??= makeWorker();
  }

  function start(user: UserId, forced: TransportName | null, server: KnownServer | null): void {
    stop();
    worker = spare ?? makeWorker();
    spare = null;
    worker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      if ('events' in data) for (const event of data.events) take(event);
      else answer(data);
    });
    void useDrafts().load(user, (room, text, revision) => {
      say({ do: 'draft', room, text, revision });
    });
    void useAttachments().load(user);
    useUndo().load(user, ask);
    // A worker does not know of touch screens, by which an iPad is told from a Mac.
    const ios = isIos(navigator.userAgent, navigator.maxTouchPoints);
    say({ do: 'start', user, forced, ios, server });
  }

  function stop(): void {
    worker?.terminate();
    worker = null;
    for (const { reject } of waiting.values()) reject(new RequestRefused({ code: null, detail: 'stopped' }));
    waiting.clear();
    useLink().reset();
    useRooms().reset();
    useMembers().reset();
    useMembership().reset();
    useOutbox().reset();
    useTransfers().reset();
    useAttachments().reset();
    usePlayback().stop();
    useMedia().reset();
    useErasures().reset();
    useUndo().reset();
    useLightbox().seq = null;
    usePeople().reset();
    useAvatars().reset();
    useCustomEmoji().reset();
    useTimeline().open(null);
    resetPersonal();
    resetSocial();
  }

  function say(message: ToWorker): void {
    worker?.postMessage(message);
  }

  const command = (what: Command): void => {
    say(what);
  };

  function ask<N extends RequestName>(name: N, what: Requests[N]['ask']): Promise<Requests[N]['answer']> {
    lastAsk += 1;
    const id = lastAsk;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      say({ do: 'ask', id, name, ask: what } as ToWorker);
    });
  }

  function answer(data: Exclude<ToPage, { events: Event[] }>): void {
    const asked = waiting.get(data.answer);
    waiting.delete(data.answer);
    if ('error' in data) asked?.reject(new RequestRefused(data.error));
    else asked?.resolve(data.value as never);
  }

  function take(event: Event): void {
    switch (event.on) {
      case 'link':
        useLink().link = event.link;
        break;
      case 'login':
        useSession().leave('ended');
        break;
      case 'rooms':
        useRooms().apply(event.changed, event.removed, event.complete);
        useMembership().isIn(event.changed);
        useMarks().forget(event.removed);
        break;
      case 'timeline':
        useTimeline().apply(event.room, event.patch, event.ends);
        break;
      case 'erased':
        useErasures().apply(event.room, event.seqs);
        break;
      case 'loadFailed':
        useTimeline().failed(event.room, event.direction);
        break;
      case 'outbox':
        useOutbox().apply(event.items, event.added);
        break;
      case 'uploads':
        useTransfers().applyUploads(event.uploads, event.added);
        break;
      case 'downloads':
        useTransfers().applyDownloads(event.downloads);
        break;
      case 'avatars':
        useAvatars().apply(event.avatars);
        break;
      case 'emoji':
        useCustomEmoji().want(event.version);
        break;
      case 'people':
        usePeople().apply(event.people);
        break;
      case 'members':
        useMembers().apply(event.room, event.members, event.total, event.online);
        break;
      case 'invitations':
        useMembership().told = event.invitations;
        break;
      case 'removal':
        useMembership().putOut(event.removal);
        if (event.removal.how === 'deleted') {
          useDrafts().set(event.removal.room, '');
          useAttachments().take(event.removal.room);
        }
        break;
      default:
        if (!takePersonal(event)) takeSocial(event);
    }
  }

  function view(room: RoomId | null): void {
    useTimeline().open(room);
    useReceipts().open(room);
    useLightbox().seq = null;
    usePlayback().stop();
    useMembers().reset();
    command({ do: 'view', room });
  }

  function send(room: RoomId, text: string): void {
    const outbox = useOutbox();
    // Each later than every one that waits, also when the clock was set back meanwhile:
    // the ids' times are the order of sending.
    lastMs = Math.max(Date.now(), lastMs + 1, ...outbox.items.map((item) => item.createdMs + 1));
    const item = { clientId: newId(lastMs), room, text, createdMs: lastMs, state: 'waiting' } as const;
    outbox.add(item);
    void useDrafts().send(item);
    command({ do: 'send', item });
  }

  /** A file and what is said beside it. */
  function upload(room: RoomId, { id, file, picture, voice }: Sendable, text: string): void {
    const transfers = useTransfers();
    const waiting = [...useOutbox().items, ...transfers.all].map(({ createdMs }) => createdMs + 1);
    lastMs = Math.max(Date.now(), lastMs + 1, ...waiting);
    const { name, type: mediaType, size } = file;
    const of = { transfer: newId(lastMs), clientId: newId(lastMs), room, name, mediaType, text };
    const box = picture ? { width: picture.width, height: picture.height } : {};
    const fresh = { ...of, createdMs: lastMs, ...box, ...(voice ? { voice } : {}) };
    if (picture) useAttachments().keep(of.transfer, picture);
    transfers.add({ ...fresh, size, state: 'queued', durableBytes: 0, bytesPerSecond: null });
    useAttachments().keepSent(id ?? null, newStored(fresh, size), file);
    command({ do: 'upload', upload: { ...fresh, file } });
  }

  return { prepare, start, stop, command, ask, view, send, upload };
});
