/** Pictures of people and rooms: where each one is, as far as it has one. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { AvatarOf } from '../client/avatars';
import type { Avatar } from '../protocol/generated';

export const useAvatars = defineStore('avatars', () => {
  const known = shallowRef(new Map<string, Avatar>());

  function apply(avatars: readonly AvatarOf[]): void {
    for (const { id, avatar } of avatars) {
      if (avatar.version >= (known.value.get(id)?.version ?? 0)) known.value.set(id, avatar);
    }
    triggerRef(known);
  }

  /** The address carries the version, so that browsers keep it and never show an older one. */
  function addressOf(shape: 'person' | 'room', id: string, size: 'small' | 'whole'): string | null {
    const avatar = known.value.get(id);
    if (!avatar?.isSet) return null;
    const of = shape === 'person' ? 'users' : 'rooms';
    return `/api/v1/${of}/${id}/avatar${size === 'small' ? '/small' : ''}?v=${String(avatar.version)}`;
  }

  function reset(): void {
    known.value = new Map();
  }

  return { apply, addressOf, reset };
});
