/**
 * How far the user has read one room, and what is left, at every moment: the server's last
 * count, and from there on what the room's log has shown. Pure bookkeeping.
 */
import { UNREAD_COUNT_MAX } from '../protocol/generated';
import type { ReadState } from '../protocol/generated';

/** Posts remembered behind the newest count: more than are ever counted. */
const POSTS_MAX = 2 * UNREAD_COUNT_MAX;

type Count = Pick<ReadState, 'mark' | 'unread' | 'mentions'>;

export class Standing {
  private counted: Omit<ReadState, 'room'> | null = null;
  /** What came last from the server, whether or not it was newer. */
  private heard: Omit<ReadState, 'room'> | null = null;
  /** Posts of the live log, in order. */
  private posts: { seq: number; own: boolean }[] = [];
  /** Every post behind this one is in the list. */
  private floor = Infinity;
  /** Read, and the server has not said yet that it knows. */
  private read = 0;

  /** Nothing is known before the first answer. */
  get isKnown(): boolean {
    return this.counted !== null;
  }

  get now(): Count {
    if (!this.counted) return { mark: this.read, unread: 0, mentions: 0 };
    let { mark, unread, mentions } = this.counted;
    for (const { seq, own } of this.posts) {
      if (seq <= this.counted.asOf) continue;
      if (own) [mark, unread, mentions] = [seq, 0, 0];
      else unread += 1;
    }
    if (this.read > mark) {
      mark = this.read;
      if (mark >= this.floor) {
        unread = Math.min(unread, this.posts.filter(({ seq, own }) => seq > mark && !own).length);
      }
      mentions = Math.min(mentions, unread);
    }
    return { mark, unread: Math.min(unread, UNREAD_COUNT_MAX), mentions };
  }

  /**
   * The log starts again above `base`. Of another epoch no count holds any more, but for one
   * that came for it already.
   */
  restart(base: number, forget: 'nothing' | 'older' | 'all'): void {
    this.posts = [];
    this.floor = base;
    if (forget === 'nothing') return;
    this.counted = forget === 'all' ? null : this.heard;
    this.read = 0;
  }

  post(seq: number, own: boolean): void {
    this.posts.push({ seq, own });
    const dropped = this.posts.length > POSTS_MAX ? this.posts.shift() : undefined;
    if (dropped) this.floor = Math.max(this.floor, dropped.seq);
  }

  /** What the server says; what is older than what is known changes nothing. */
  take({ mark, version, asOf, unread, mentions }: Omit<ReadState, 'room'>): void {
    const known = this.counted;
    this.heard = { mark, version, asOf, unread, mentions };
    if (known && (version < known.version || (version === known.version && asOf < known.asOf))) return;
    this.counted = this.heard;
  }

  /** A resume has said nothing of this room: all of it is read, up to the head of its log. */
  clear(head: number): void {
    this.counted = { mark: head, version: this.counted?.version ?? 0, asOf: head, unread: 0, mentions: 0 };
  }

  reading(seq: number): void {
    this.read = Math.max(this.read, seq);
  }

  /** The server has answered, or the mark was set back. */
  settled(): void {
    this.read = 0;
  }
}
