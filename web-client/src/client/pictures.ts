/** Avatars and custom emoji over HTTP: the bytes of an image go as they are. */
import { newId } from '../protocol/id';
import { call, send } from './http';

interface AvatarAnswer {
  avatar: { version: number; is_set: boolean };
}

export interface CustomEmoji {
  name: string;
  width: number;
  height: number;
  animated: boolean;
  added_by: string;
  added_ms: number;
  version: number;
}

export interface EmojiList {
  version: number;
  may_add: boolean;
  emoji: CustomEmoji[];
}

/** A room's picture is an entry of its log: a repeated request makes no second one. */
const once = (): Record<string, string> => ({ 'idempotency-key': newId(Date.now()) });

export const pictures = {
  setOwn: (image: Blob) => send<AvatarAnswer>('PUT', 'me/avatar', image),
  removeOwn: () => call<AvatarAnswer>('DELETE', 'me/avatar'),
  setOfRoom: (room: string, image: Blob) =>
    send<AvatarAnswer>('PUT', `rooms/${encodeURIComponent(room)}/avatar`, image, once()),
  removeOfRoom: (room: string) =>
    send<AvatarAnswer>('DELETE', `rooms/${encodeURIComponent(room)}/avatar`, null, once()),
  emoji: () => call<EmojiList>('GET', 'emoji'),
  addEmoji: (name: string, image: Blob) =>
    send<{ emoji: CustomEmoji }>('PUT', `emoji/${encodeURIComponent(name)}`, image),
  removeEmoji: (name: string) => call<undefined>('DELETE', `emoji/${encodeURIComponent(name)}`),
};

export const emojiAddress = (name: string, version: number): string =>
  `/api/v1/emoji/${encodeURIComponent(name)}?v=${String(version)}`;
