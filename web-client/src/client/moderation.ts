/** What the page asks about what others, or oneself, have said: that it goes, or that somebody looks at it. */
import type { ClientId, ReportedMessage, RoomId, UserId } from '../protocol/generated';
import type { Session } from './session';

export interface ModerationRequests {
  removeMessage: { ask: { clientId: ClientId; room: RoomId; seq: number }; answer: null };
  /** The server's administrators are told of somebody, or of what they wrote. */
  report: {
    ask: { clientId: ClientId; user: UserId; message: ReportedMessage | null; reason: string };
    answer: null;
  };
}

export type ModerationAnswers = {
  [N in keyof ModerationRequests]: (
    ask: ModerationRequests[N]['ask'],
  ) => Promise<ModerationRequests[N]['answer']>;
};

export function moderationAnswers(online: () => Session): ModerationAnswers {
  return {
    removeMessage: async (what) => {
      await online().request('RemoveMessage', what);
      return null;
    },
    report: async (what) => {
      await online().request('Report', what);
      return null;
    },
  };
}
