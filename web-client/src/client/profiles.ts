/** What the page asks of people, and has the server know of its own user. */
import type { Profile, ProfileAnswer, UserId } from '../protocol/generated';
import { toRoom } from './groups';
import type { FoundPerson, Room } from './model';
import type { Session } from './session';

/** People in one part of what a text finds. */
const FOUND_PART = 50;

export interface ProfileRequests {
  profile: { ask: { user: UserId }; answer: Profile };
  setProfile: {
    ask: {
      chosenName: string;
      language: string;
      timeZone: string;
      isListed: boolean;
      showsSeen: boolean;
    };
    answer: null;
  };
  setStatus: { ask: { doNotDisturb: boolean; emoji: string; text: string; untilMs: number }; answer: null };
  setBlock: { ask: { user: UserId; isBlocked: boolean }; answer: null };
  /** The chat with somebody, made if there is none. */
  openPrivateChat: { ask: { user: UserId }; answer: Room };
  /** People whom a text finds, the best first; with an empty one everybody. */
  findPeople: {
    ask: { text: string; after: UserId | null };
    answer: { people: FoundPerson[]; more: boolean };
  };
}

export type ProfileAnswers = {
  [N in keyof ProfileRequests]: (ask: ProfileRequests[N]['ask']) => Promise<ProfileRequests[N]['answer']>;
};

export function profileAnswers(
  online: () => Session,
  me: UserId,
  know: (people: { id: UserId; name: string }[]) => void,
  own: (answer: ProfileAnswer) => void,
): ProfileAnswers {
  return {
    profile: async (what) => {
      const answer = await online().request('GetProfile', what);
      own(answer);
      know([{ id: answer.profile.user, name: answer.profile.name }]);
      return answer.profile;
    },
    setProfile: async (what) => {
      own(await online().request('SetProfile', what));
      return null;
    },
    setStatus: async (what) => {
      await online().request('SetStatus', what);
      return null;
    },
    setBlock: async (what) => {
      await online().request('SetBlock', what);
      return null;
    },
    openPrivateChat: async (what) => toRoom((await online().request('OpenPrivateChat', what)).room),
    findPeople: async (what) => {
      const page = await online().request('FindPeople', { ...what, limit: FOUND_PART });
      const people = page.people.map(({ user: id, name, username }) => ({ id, name, username }));
      know(people);
      return { people: people.filter(({ id }) => id !== me), more: page.more };
    },
  };
}
