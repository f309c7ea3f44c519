/**
 * The whole client of one tab, without the page and without a browser: it keeps a
 * connection, does what the page commands and answers what it asks.
 */
import { Code, ROOM_PAGE_MAX, USERS_PER_REQUEST_MAX } from '../protocol/generated';
import type { UserId } from '../protocol/generated';
import type { Closed } from '../transport/transport';
import { Avatars } from './avatars';
import type { Clock } from './clock';
import { codeOf } from './connector';
import type { Connector, Established } from './connector';
import { Emitter } from './emitter';
import { Transfers } from './files/transfers';
import type { UploadStore } from './files/upload_store';
import type { UploadTabs } from './files/upload_tabs';
import { HttpFailed } from './http';
import { groupAnswers, toListed, toRoom } from './groups';
import { Members } from './members';
import type { Link, OutboxItem } from './model';
import { Outbox } from './outbox';
import type { OutboxLock } from './outbox';
import type { OutboxBus, Sent } from './outbox_items';
import type { OutboxStore } from './outbox_store';
import { moderationAnswers } from './moderation';
import { People } from './people';
import { Personal } from './personal';
import { profileAnswers } from './profiles';
import { Social } from './social';
import type { Command, Event, RequestName, Requests } from './port';
import { Backoff, RESTART_MS_MAX, RESTART_PAUSE_MS_MAX, nextStep } from './reconnect';
import { RoomBook } from './room_book';
import { Session } from './session';
import { Sync } from './sync';

/** A gap that lasts this long does not close by itself. */
const MEND_EVERY_MS = 5_000;
/** A server that is alive answers every post: one that does not is left, and asked again. */
const POST_ANSWER_MS_MAX = 30_000;
/** Lines kept in view when the page lets go of the oldest. */
const LINES_IN_VIEW = 1_000;
/** Weight of a new round trip against the mean so far. */
const RTT_WEIGHT = 0.3;

export interface Parts {
  connector: Pick<Connector, 'attempt'>;
  store: OutboxStore;
  bus: OutboxBus;
  lock: OutboxLock;
  uploads: UploadStore;
  uploadTabs: UploadTabs;
  clock: Clock;
  send: (events: Event[]) => void;
}

export class Client {
  private readonly book = new RoomBook();
  private readonly emitter: Emitter;
  private readonly outbox: Outbox;
  private readonly transfers: Transfers;
  private readonly members: Members;
  private readonly people: People;
  private readonly personal: Personal;
  private readonly social: Social;
  private readonly sync: Sync;
  private readonly backoff: Backoff;
  private link: Link = { phase: 'connecting', transport: null, fallback: null, rttMs: null, error: null };
  private wakeUp: () => void = () => undefined;
  private restarting = false;
  private restartOver: () => void = () => undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly user: UserId,
    private readonly parts: Parts,
  ) {
    const { clock } = parts;
    this.backoff = new Backoff(clock);
    this.outbox = new Outbox(parts.store, parts.bus, parts.lock, clock, (added) => {
      this.emitter.outbox(added);
      this.transfers.uploads.wordsChanged();
    });
    this.transfers = new Transfers(parts.uploads, parts.uploadTabs, clock, {
      uploads: (added) => {
        this.emitter.uploads(added);
      },
      downloads: () => {
        this.emitter.downloads();
      },
    });
    this.transfers.uploads.isBehindWords = ({ room, createdMs }) =>
      this.outbox.list.some(
        (item) => item.room === room && item.state === 'waiting' && item.createdMs < createdMs,
      );
    this.emitter = new Emitter(clock, parts.send, {
      summary: (room) => this.book.summary(room),
      complete: () => this.book.complete,
      mark: (room) => this.personal.marks.of(room),
      outbox: () => this.outbox.list,
      uploads: () => this.transfers.uploads.list,
      downloads: () => this.transfers.downloads.list,
    });
    this.personal = new Personal(user, clock, this.emitter);
    this.social = new Social(user, clock, this.emitter);
    this.people = new People(
      async (users) =>
        (await this.online().request('GetUsers', { users: users.slice(0, USERS_PER_REQUEST_MAX) })).users,
      (people) => {
        this.emitter.emit({ on: 'people', people });
        for (const room of this.book.renamed(people)) this.emitter.room(room);
      },
      (id) => {
        this.social.presence.seen(id);
      },
    );
    const watch = (users: UserId[]): void => {
      this.social.presence.watch('members', users);
    };
    this.members = new Members(clock, watch, (room, { members, more, online }) => {
      this.people.know(members.map(({ id, name }) => ({ id, name })));
      const told = this.book.rooms.get(room)?.room.members ?? 0;
      const total = more ? Math.max(told, members.length) : members.length;
      this.emitter.emit({ on: 'members', room, members, total, online });
    });
    this.sync = new Sync(
      user,
      this.book,
      this.outbox,
      this.transfers.uploads,
      this.people,
      this.members,
      new Avatars((avatars) => {
        this.emitter.emit({ on: 'avatars', avatars });
      }),
      this.personal,
      this.social,
      this.emitter,
    );
    this.sync.onRoundTrip = (ms) => {
      const before = this.link.rttMs;
      this.tell({ rttMs: before === null ? ms : before + RTT_WEIGHT * (ms - before) });
    };
    this.sync.onReady = () => {
      const session = this.online();
      this.outbox.online((item) => this.post(session, item));
      this.transfers.online(() => session.openFileStream());
      this.personal.connected(session);
    };
  }

  /** Runs until `stop`, or until the person must log in again. */
  async run(): Promise<void> {
    void this.outbox.load();
    void this.transfers.uploads.load();
    while (!this.stopping.signal.aborted) {
      const ended = await this.connectOnce();
      const code = ended.code;
      const step = ended.notLoggedIn ? 'login' : nextStep(code);
      if (this.stopping.signal.aborted) return;
      if (step === 'login') {
        this.parts.send([{ on: 'login' }]);
        return;
      }
      const error = { code, detail: ended.reason };
      if (ended.goodbye || code === Code.goingAway) this.expectRestart();
      const away = this.restarting ? 'restarting' : 'offline';
      this.tell({ phase: step === 'stop' ? 'stopped' : away, transport: null, rttMs: null, error });
      const pauseMs = this.restarting ? this.backoff.next(RESTART_PAUSE_MS_MAX) : this.backoff.next();
      await this.rest(step === 'stop' ? null : Math.max(pauseMs, ended.notBeforeMs));
    }
  }

  stop(): void {
    this.stopping.abort();
    this.restartOver();
    this.sync.connection?.close(Code.normal, 'the page is done');
    this.wakeUp();
  }

  command(command: Command): void {
    switch (command.do) {
      case 'view':
        this.sync.view(command.room);
        break;
      case 'send':
        void this.outbox.add(command.item);
        break;
      case 'retry':
        void this.outbox.retry(command.clientId);
        break;
      case 'remove':
        void this.outbox.remove(command.clientId);
        break;
      case 'load':
        this.sync.load(command.room, command.direction).catch(() => {
          this.emitter.emit({ on: 'loadFailed', room: command.room, direction: command.direction });
        });
        break;
      case 'latest':
        this.sync.latest(command.room);
        break;
      case 'trim':
        this.sync.trim(command.room, LINES_IN_VIEW);
        break;
      case 'wake':
        if (this.sync.connection) this.sync.connection.suspect();
        else if (this.link.phase !== 'stopped') this.connectNow();
        break;
      case 'reconnect':
        this.connectNow();
        break;
      case 'read':
      case 'wish':
      case 'draft':
      case 'hideReceipts':
        this.personal.command(command);
        break;
      case 'typing':
      case 'activity':
      case 'look':
        this.social.command(command);
        break;
      case 'start':
        break;
      default:
        this.transfers.command(command);
    }
  }

  async answer<N extends RequestName>(name: N, ask: Requests[N]['ask']): Promise<Requests[N]['answer']> {
    const answers: { [K in RequestName]: (ask: Requests[K]['ask']) => Promise<Requests[K]['answer']> } = {
      ...groupAnswers(() => this.online(), this.book, this.user),
      ...moderationAnswers(() => this.online()),
      ...profileAnswers(
        () => this.online(),
        this.user,
        (people) => {
          this.people.know(people);
        },
        (answer) => {
          this.social.profile.take(answer);
        },
      ),
      join: async (what) => toRoom((await this.online().request('JoinRoom', what)).room),
      leave: async (what) => {
        await this.online().request('LeaveRoom', what);
        return null;
      },
      file: ({ room, seq, variant }) => this.transfers.fetch(room, seq, variant),
      roomFiles: async ({ room, before }) => {
        const { lines, next } = await this.online().files(room, before ?? Number.MAX_SAFE_INTEGER);
        for (const { author } of lines) this.people.want(author);
        return { files: lines.filter(({ file }) => file).reverse(), next };
      },
      markUnread: async ({ clientId, room, seq }) => {
        await this.personal.marks.unread(this.online(), clientId, room, seq);
        return null;
      },
      receipts: async ({ room }) => {
        const receipts = await this.personal.marks.ask(this.online(), room);
        for (const { user } of receipts) this.people.want(user);
        return receipts;
      },
      directory: async ({ after }) => {
        const { rooms, more } = await this.online().request('ListRooms', { after, limit: ROOM_PAGE_MAX });
        return { rooms: rooms.map((room) => toListed(room, this.book.aboutOf(room.id))), more };
      },
    };
    return answers[name](ask);
  }

  private online(): Session {
    if (!this.sync.connection) throw new Error('no connection');
    return this.sync.connection;
  }

  private async connectOnce(): Promise<
    Closed & { notLoggedIn?: boolean; goodbye?: boolean; notBeforeMs: number }
  > {
    let established: Established;
    try {
      established = await this.parts.connector.attempt(this.stopping.signal, this.restarting);
    } catch (error) {
      const notLoggedIn = error instanceof HttpFailed && error.action === 'login';
      return { code: codeOf(error), reason: messageOf(error), notLoggedIn, notBeforeMs: 0 };
    }
    const { connection, welcome, fallback } = established;
    if (welcome.user !== this.user) {
      // Somebody else has logged in meanwhile, in another tab of this browser.
      connection.close(Code.normal, 'another user');
      return { code: null, reason: 'another user', notLoggedIn: true, notBeforeMs: 0 };
    }
    const session = new Session(established, this.sync, this.parts.clock);
    const sinceMs = this.parts.clock.elapsed();
    this.restartOver();
    this.sync.connected(session);
    // What the user has chosen to be called comes when it is not their username.
    this.people.knowFirst({ id: welcome.user, name: welcome.name });
    this.tell({ phase: 'online', transport: connection.name, fallback, rttMs: null, error: null });
    const running = session.run({ userEpoch: this.book.userEpoch, userSeq: this.book.userSeq });
    this.members.connected(session);
    this.social.connected(session);
    this.people.again();
    const mending = this.mendNow(session);
    const closed = await running;
    mending();
    this.sync.connected(null);
    this.members.connected(null);
    this.social.connected(null);
    this.outbox.offline();
    this.transfers.offline();
    this.personal.connected(null);
    this.book.suspend();
    this.backoff.lived(this.parts.clock.elapsed() - sinceMs);
    const { reconnectAfterMs } = session;
    return { ...closed, goodbye: reconnectAfterMs !== null, notBeforeMs: reconnectAfterMs ?? 0 };
  }

  /** The server comes back soon; if it does not, it is offline like any other. */
  private expectRestart(): void {
    this.restartOver();
    const cancel = this.parts.clock.after(RESTART_MS_MAX, () => {
      this.restartOver();
      // Being asked often is no reason to be asked seldom now.
      this.backoff.reset();
      if (this.link.phase === 'restarting') this.tell({ phase: 'offline' });
    });
    this.restarting = true;
    this.restartOver = () => {
      cancel();
      this.restarting = false;
    };
  }

  private async post(session: Session, { room, clientId, text }: OutboxItem): Promise<Sent> {
    const cancel = this.parts.clock.after(POST_ANSWER_MS_MAX, () => {
      session.close(Code.timeout, 'a post is not answered');
    });
    try {
      const { seq, epoch } = await session.request('Post', { room, clientId, text });
      return { seq, epoch };
    } finally {
      cancel();
    }
  }

  /** Looks for gaps as long as the session lives; the answer ends it. */
  private mendNow(session: Session): () => void {
    const again = (): (() => void) =>
      this.parts.clock.after(MEND_EVERY_MS, () => {
        if (this.sync.connection !== session) return;
        this.sync.mendGaps();
        cancel = again();
      });
    let cancel = again();
    return () => {
      cancel();
    };
  }

  /** Waits for the pause to end, or to be woken; null waits only for that. */
  private rest(pauseMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const cancel =
        pauseMs === null
          ? () => undefined
          : this.parts.clock.after(pauseMs, () => {
              this.wakeUp();
            });
      this.wakeUp = () => {
        this.wakeUp = () => undefined;
        cancel();
        resolve();
      };
    });
  }

  private connectNow(): void {
    this.backoff.reset();
    this.wakeUp();
  }

  private tell(change: Partial<Link>): void {
    this.link = { ...this.link, ...change };
    this.emitter.emit({ on: 'link', link: this.link });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
