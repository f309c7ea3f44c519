/** What the worker tells of others, and of what the user says, handed to the stores that show it. */
import type { Event } from '../client/port';
import { useArrivals } from './arrivals';
import { useOwnProfile } from './own_profile';
import { usePresence } from './presence';
import { useProfiles } from './profiles';
import { useTyping } from './typing';

/** Whether the event was one of these. */
export function takeSocial(event: Event): boolean {
  switch (event.on) {
    case 'presence':
      usePresence().apply(event.people, event.all);
      return true;
    case 'arrivals':
      useArrivals().apply(event.arrivals);
      return true;
    case 'typing':
      useTyping().apply(event.room, event.users);
      return true;
    case 'ownProfile':
      useOwnProfile().own = event.own;
      return true;
    default:
      return false;
  }
}

export function resetSocial(): void {
  usePresence().reset();
  useTyping().reset();
  useArrivals().reset();
  useOwnProfile().reset();
  useProfiles().reset();
}
