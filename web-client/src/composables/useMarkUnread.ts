/** Marks an entry and what is behind it as unread, also in the room on the screen. */
import type { RoomId } from '../protocol/generated';
import { newId } from '../protocol/id';
import { useChat } from '../stores/chat';
import { useTimeline } from '../stores/timeline';

export function useMarkUnread(): (room: RoomId, seq: number) => Promise<void> {
  const chat = useChat();
  const timeline = useTimeline();

  return async (room, seq) => {
    const { newBehind, isHeld } = timeline;
    const isShown = timeline.room === room;
    // What is in sight would be read again at once.
    if (isShown) timeline.hold(seq);
    try {
      await chat.ask('markUnread', { clientId: newId(Date.now()), room, seq });
    } catch {
      // Without a connection it stays read.
      if (isShown && timeline.room === room) Object.assign(timeline, { newBehind, isHeld });
    }
  };
}
