/**
 * Collects what the page must know and sends it once a frame at most: the first change
 * at once, the rest of the burst together. What changed twice is told once.
 */
import type { ClientId, RoomId, TransferId } from '../protocol/generated';
import type { Clock } from './clock';
import type { DownloadProgress, OutboxItem, RoomMark, RoomSummary, Upload } from './model';
import type { Event } from './port';

const FRAME_MS = 16;

export class Emitter {
  private events: Event[] = [];
  private readonly changedRooms = new Set<RoomId>();
  private readonly removedRooms = new Set<RoomId>();
  private readonly markedRooms = new Set<RoomId>();
  private outboxChanged = false;
  /** Taken into the outbox; some may have left it again by the time it is told. */
  private outboxAdded: ClientId[] = [];
  private uploadsChanged = false;
  private uploadsAdded: TransferId[] = [];
  private downloadsChanged = false;
  private due = false;
  private sentAtMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly send: (events: Event[]) => void,
    private readonly source: {
      summary: (room: RoomId) => RoomSummary | null;
      complete: () => boolean;
      mark: (room: RoomId) => RoomMark;
      outbox: () => OutboxItem[];
      uploads: () => Upload[];
      downloads: () => DownloadProgress[];
    },
  ) {}

  emit(event: Event): void {
    this.events.push(event);
    this.schedule();
  }

  room(id: RoomId): void {
    this.changedRooms.add(id);
    this.removedRooms.delete(id);
    this.schedule();
  }

  roomRemoved(id: RoomId): void {
    this.changedRooms.delete(id);
    this.removedRooms.add(id);
    this.schedule();
  }

  /** How the user stands in a room. */
  mark(id: RoomId): void {
    this.markedRooms.add(id);
    this.schedule();
  }

  outbox(added?: ClientId): void {
    this.outboxChanged = true;
    if (added) this.outboxAdded.push(added);
    this.schedule();
  }

  uploads(added?: TransferId): void {
    this.uploadsChanged = true;
    if (added) this.uploadsAdded.push(added);
    this.schedule();
  }

  downloads(): void {
    this.downloadsChanged = true;
    this.schedule();
  }

  /** `complete` alone has changed. */
  rooms(): void {
    this.emit({ on: 'rooms', changed: [], removed: [], complete: this.source.complete() });
  }

  private schedule(): void {
    if (this.due) return;
    this.due = true;
    const waitMs = this.sentAtMs + FRAME_MS - this.clock.elapsed();
    if (waitMs > 0) {
      this.clock.after(waitMs, () => {
        this.flush();
      });
    } else {
      queueMicrotask(() => {
        this.flush();
      });
    }
  }

  private flush(): void {
    this.due = false;
    this.sentAtMs = this.clock.elapsed();
    const { events } = this;
    this.events = [];
    if (this.changedRooms.size > 0 || this.removedRooms.size > 0) {
      const changed = [...this.changedRooms].flatMap((id) => this.source.summary(id) ?? []);
      events.unshift({
        on: 'rooms',
        changed,
        removed: [...this.removedRooms],
        complete: this.source.complete(),
      });
      this.changedRooms.clear();
      this.removedRooms.clear();
    }
    if (this.markedRooms.size > 0) {
      events.push({ on: 'marks', marks: [...this.markedRooms].map((id) => this.source.mark(id)) });
      this.markedRooms.clear();
    }
    if (this.outboxChanged) {
      this.outboxChanged = false;
      events.push({ on: 'outbox', items: this.source.outbox(), added: this.outboxAdded });
      this.outboxAdded = [];
    }
    if (this.uploadsChanged) {
      this.uploadsChanged = false;
      events.push({ on: 'uploads', uploads: this.source.uploads(), added: this.uploadsAdded });
      this.uploadsAdded = [];
    }
    if (this.downloadsChanged) {
      this.downloadsChanged = false;
      events.push({ on: 'downloads', downloads: this.source.downloads() });
    }
    this.send(events);
  }
}
