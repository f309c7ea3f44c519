// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { http } from '../client/http';
import type { Upload } from '../client/model';
import { i18n } from '../locales/i18n';
import { openDatabase } from '../storage/database';
import { useAttachments } from '../stores/attachments';
import { useSession } from '../stores/session';
import { useTransfers } from '../stores/transfers';
import { useLogout } from './useLogout';

const upload: Upload = {
  ...{ transfer: 't', clientId: 'c', room: 'r', name: 'plan.pdf', mediaType: '', text: '', size: 5 },
  ...{ createdMs: 1, state: 'sending', durableBytes: 0, bytesPerSecond: null },
};

let pinia: ReturnType<typeof createPinia>;

beforeEach(() => {
  pinia = createPinia();
  setActivePinia(pinia);
  vi.spyOn(http, 'logout').mockResolvedValue(undefined);
  vi.spyOn(http, 'server').mockRejectedValue(new Error('not asked here'));
});

function used(): ReturnType<typeof useLogout> {
  let found: ReturnType<typeof useLogout> | null = null;
  const setup = (): (() => null) => {
    found = useLogout();
    return () => null;
  };
  mount({ setup }, { global: { plugins: [pinia, i18n] } });
  if (!found) throw new Error('it was not set up');
  return found;
}

it('asks first when a file is under way, and not for one that is taken back', async () => {
  const { unsent, asking, logout } = used();
  useTransfers().applyUploads([{ ...upload, state: 'cancelling' }], []);
  expect(unsent.value).toBe(0);
  useTransfers().applyUploads([upload], []);
  expect(unsent.value).toBe(1);
  await logout(false);
  expect(asking.value).toBe(true);
  expect(http.logout).not.toHaveBeenCalled();
});

it('asks first when a file was chosen and not sent', async () => {
  const { asking, logout } = used();
  useAttachments().add('r', [new File(['a'], 'a.txt')]);
  await logout(false);
  expect(asking.value).toBe(true);
  expect(http.logout).not.toHaveBeenCalled();
});

it('leaves nothing of the user on the device, and all of another one', async () => {
  const database = await openDatabase();
  for (const user of ['me', 'you']) {
    const of = { user, room: 'r', text: '' };
    const item = { ...of, clientId: 'c', createdMs: 1, state: 'waiting' } as const;
    await database.put('outbox', item);
    await database.put('drafts', { ...of, updatedMs: 1 });
    const stored = { ...item, transfer: 't', name: 'plan.pdf', mediaType: '', size: 5 };
    const rest = { digest: null, prefix: null, begun: true, wish: 'send', code: null } as const;
    await database.put('uploads', { ...stored, ...rest });
    await database.put('files', new Blob(['bytes']), [user, 't']);
  }
  useSession().me = { id: 'me' } as NonNullable<ReturnType<typeof useSession>['me']>;
  await used().logout(true);
  for (const store of ['outbox', 'drafts', 'uploads', 'files'] as const) {
    const keys = (await database.getAllKeys(store)) as string[][];
    expect(keys.map(([user]) => user)).toEqual(['you']);
  }
  database.close();
});
