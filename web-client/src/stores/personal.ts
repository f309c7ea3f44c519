/** What the worker tells of the user alone, handed to the stores that show it. */
import type { Event } from '../client/port';
import { useDrafts } from './drafts';
import { useMarks } from './marks';
import { useReceipts } from './receipts';
import { useTimeline } from './timeline';
import { useWishes } from './wishes';

/** Whether the event was one of these. */
export function takePersonal(event: Event): boolean {
  switch (event.on) {
    case 'marks':
      useMarks().apply(event.marks);
      return true;
    case 'wishes':
      useWishes().apply(event.rooms);
      return true;
    case 'receipts':
      useReceipts().apply(event.room, event.receipts);
      return true;
    case 'receiptsHidden':
      useWishes().receiptsHidden = event.hidden;
      return true;
    case 'opened':
      useTimeline().begin(event.room, event.mark);
      return true;
    case 'draft':
      useDrafts().takeOther(event.room, event.text, event.revision);
      return true;
    case 'draftKept':
      useDrafts().kept(event.room, event.revision);
      return true;
    case 'drafts':
      useDrafts().keepOnly(event.rooms);
      return true;
    default:
      return false;
  }
}

export function resetPersonal(): void {
  useMarks().reset();
  useWishes().reset();
  useReceipts().open(null);
}
