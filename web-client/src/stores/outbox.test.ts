import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { Emitter } from '../client/emitter';
import { Outbox } from '../client/outbox';
import { memoryOutboxStore } from '../client/outbox_store';
import type { OutboxItem } from '../client/model';
import type { ClientId, Epoch, RoomId } from '../protocol/generated';
import { ManualClock } from '../testing/manual_clock';
import { useOutbox } from './outbox';

const item: OutboxItem = {
  clientId: 'c1' as ClientId,
  room: 'room' as RoomId,
  text: 'hello',
  createdMs: 1,
  state: 'waiting',
};

describe('the page’s outbox', () => {
  beforeEach(() => {
    setActivePinia(createPinia());
  });

  it('lets go of a message that was sent and seen before the worker told of it', async () => {
    const page = useOutbox();
    const clock = new ManualClock();
    let told = 0;
    const emitter = new Emitter(
      clock,
      (events) => {
        for (const event of events) if (event.on === 'outbox') page.apply(event.items, event.added);
        told += 1;
      },
      {
        summary: () => null,
        complete: () => true,
        mark: (room) => ({ room, mark: 0, unread: 0, mentions: 0 }),
        outbox: () => outbox.list,
        uploads: () => [],
        downloads: () => [],
      },
    );
    const outbox: Outbox = new Outbox(
      memoryOutboxStore(),
      { post: () => undefined, onNews: () => undefined },
      (_signal, hold) => hold(),
      clock,
      (added) => {
        emitter.outbox(added);
      },
    );
    // The frame is under way: what happens now is told together, at its end.
    emitter.rooms();
    await Promise.resolve();
    expect(told).toBe(1);

    outbox.online(() => Promise.resolve({ seq: 7, epoch: 'e' as Epoch }));
    page.add(item);
    expect(page.items).toHaveLength(1);
    await outbox.add(item);
    const at = { seq: 7, epoch: 'e' as Epoch };
    outbox.shown = (items) => items.map((shown) => ({ item: shown, at }));
    outbox.settle();
    expect(told).toBe(1);
    await clock.pass(1_000);
    expect(told).toBe(2);
    expect(page.items).toEqual([]);
  });
});
