// @vitest-environment jsdom
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, nextTick, shallowRef } from 'vue';
import type { Ref } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import { admin } from '../client/admin';
import type { Report } from '../client/admin';
import type { Line, RoomSummary } from '../client/model';
import type { MessageRow as Row } from '../composables/timelineRows';
import { useAnnouncer } from '../composables/useAnnouncer';
import { i18n } from '../locales/i18n';
import {
  Code,
  REPORT_REASON_CHARS_MAX,
  RoomAccess,
  RoomHistory,
  RoomKind,
  RoomRole,
} from '../protocol/generated';
import { RequestRefused, useChat } from '../stores/chat';
import { useErasures } from '../stores/erasures';
import { usePeople } from '../stores/people';
import { useRooms } from '../stores/rooms';
import { useSession } from '../stores/session';
import { useUndo } from '../stores/undo';
import AdminReports from './AdminReports.vue';
import MessageActions from './MessageActions.vue';
import MessageRemove from './MessageRemove.vue';
import MessageRow from './MessageRow.vue';
import PersonActs from './PersonActs.vue';
import ReportDialog from './ReportDialog.vue';
import RoomPreview from './RoomPreview.vue';

enableAutoUnmount(afterEach);
afterEach(() => {
  vi.restoreAllMocks();
});

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n, Router] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  const component = { render: () => null };
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component }] });
  global = { plugins: [pinia, i18n, router] };
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  HTMLDialogElement.prototype.showModal = () => undefined;
  HTMLDialogElement.prototype.close = function close() {
    this.dispatchEvent(new Event('close'));
  };
  i18n.global.locale.value = 'en';
  useSession().me = { id: 'me', name: 'me' } as never;
  usePeople().apply([{ id: 'bob', name: 'Bob' }]);
});

const row = (of: Partial<Row> = {}): Row => ({
  ...{ type: 'message', key: 'c', author: 'bob', own: false, text: 'hi', atMs: 0, seq: 5 },
  ...{ first: true, last: true, state: 'sent', code: null, old: false, erased: false, file: null, ...of },
});
const own = (of: Partial<Row> = {}): Row => row({ author: 'me', own: true, ...of });

function known(role: RoomRole, kind: RoomKind = RoomKind.group, last: Line | null = null): RoomSummary {
  const about = {
    ...{ room: 'room', kind, with: kind === RoomKind.private ? 'bob' : null, name: 'Design', topic: '' },
    ...{ access: RoomAccess.public, history: RoomHistory.start, members: 2, owner: 'x', role },
    ...{ slowModeMs: 0, archived: false, closed: false },
  };
  const room = { id: 'room', name: 'Design', creator: 'x', creatorName: 'x', createdMs: 0, members: 2, last };
  useRooms().apply([{ ...room, about }], [], true);
  return { ...room, about };
}

async function menu(of: Row): Promise<VueWrapper> {
  const shown = mount(MessageActions, {
    props: { row: of, room: 'room', target: undefined },
    global,
    attachTo: document.body,
  });
  await shown.find('button').trigger('click');
  return shown;
}
const entries = (): string[] =>
  [...document.body.querySelectorAll('[role=menuitem]')].map((entry) => entry.textContent.trim());
function press(name: string): void {
  const all = [...document.body.querySelectorAll<HTMLElement>('button')];
  const button = all.findLast((one) => one.textContent.trim() === name);
  if (!button) throw new Error(`there is no button ${name}`);
  button.click();
}

describe('the menu of a message', () => {
  it('offers to remove one’s own, and in a group any to who runs it', async () => {
    const offered = async (of: Row, role: RoomRole, kind?: RoomKind): Promise<boolean> => {
      known(role, kind);
      const shown = await menu(of);
      const found = entries().includes('Remove');
      shown.unmount();
      return found;
    };
    expect(await offered(own(), RoomRole.member)).toBe(true);
    expect(await offered(row(), RoomRole.member)).toBe(false);
    expect(await offered(row(), RoomRole.admin)).toBe(true);
    expect(await offered(row(), RoomRole.owner)).toBe(true);
    expect(await offered(row(), RoomRole.member, RoomKind.private)).toBe(false);
    expect(await offered(own(), RoomRole.member, RoomKind.private)).toBe(true);
  });

  it('offers to report what others wrote, and nothing of what is gone', async () => {
    known(RoomRole.owner);
    await menu(row());
    expect(entries()).toContain('Report');
    document.body.replaceChildren();
    await menu(own());
    expect(entries()).not.toContain('Report');
    document.body.replaceChildren();
    await menu(row({ erased: true }));
    expect(entries()).toEqual(['Mark as unread']);
  });

  it('removes one’s own at once, and lets it be taken back', async () => {
    known(RoomRole.member);
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    await menu(own());
    press('Remove');
    await flushPromises();
    expect(ask).not.toHaveBeenCalled();
    const said = { seq: 5, atMs: 5, author: 'me', clientId: 'c', kind: 'text', text: 'hi' } as const;
    expect(useUndo().shown('room', said)).toMatchObject({ kind: 'erased', text: '' });
    expect(useErasures().has('room', 5)).toBe(true);
    const room = known(RoomRole.member, RoomKind.group, said);
    const preview = mount(RoomPreview, { props: { room }, global });
    expect(preview.text()).toBe('Message removed');
    expect(useUndo().undo()).toMatchObject({ name: 'removeMessage', ask: { room: 'room', seq: 5 } });
    await flushPromises();
    expect(preview.text()).toBe('hi');
    expect(useErasures().has('room', 5)).toBe(false);
  });

  it('asks once about what others wrote, then removes, and closes when the message is gone', async () => {
    known(RoomRole.admin);
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = await menu(row());
    press('Remove');
    await vi.waitFor(() => {
      expect(shown.findComponent(MessageRemove).exists()).toBe(true);
    });
    await flushPromises();
    expect(ask).not.toHaveBeenCalled();
    press('Remove');
    await flushPromises();
    const what = { clientId: expect.any(String) as string, room: 'room', seq: 5 };
    expect(ask.mock.calls).toEqual([['removeMessage', what]]);
    expect(shown.findComponent(MessageRemove).exists()).toBe(false);
  });
});

it('a removal that fails says why, and is tried again as the same', async () => {
  const refused = new RequestRefused({ code: Code.roleNeeded, detail: '' });
  const ask = vi
    .spyOn(useChat(), 'ask')
    .mockRejectedValueOnce(refused)
    .mockResolvedValue(null as never);
  const shown = mount(MessageRemove, { props: { row: row(), room: 'room' }, global });
  expect(shown.text()).toContain('Remove what Bob wrote, for everybody?');
  await shown.get('button').trigger('click');
  await flushPromises();
  expect(shown.get('[role=alert]').text()).toContain('Your role in this room does not allow this.');
  await shown.get('button').trigger('click');
  await flushPromises();
  expect(ask.mock.calls[1]).toEqual(ask.mock.calls[0]);
  expect(shown.emitted('close')).toHaveLength(1);
});

it('a message that is gone says so by icon and words, and shows nothing of what it was', () => {
  known(RoomRole.member);
  for (const of of [row({ erased: true, text: '' }), own({ erased: true, text: '' })]) {
    const shown = mount(MessageRow, { props: { row: of, room: 'room' }, global });
    expect(shown.get('.bubble').text()).toBe('Message removed');
    expect(shown.get('.bubble').find('svg').exists()).toBe(true);
    expect(shown.find('.tick').exists()).toBe(false);
  }
  const gone = { seq: 5, atMs: 5, author: 'bob', clientId: 'c', kind: 'erased', text: '' } as const;
  const room = known(RoomRole.member, RoomKind.group, gone);
  expect(mount(RoomPreview, { props: { room }, global }).text()).toBe('Message removed');
});

it('what was read out of a message is gone with it', async () => {
  vi.useFakeTimers();
  const said = { seq: 5, atMs: 5, author: 'bob', clientId: 'c', kind: 'text', text: 'hi' } as const;
  const lines = shallowRef<readonly Line[]>([]);
  let change = 'append';
  const lastChange = (): string => change;
  const setup = (): { words: Ref<string> } => ({ words: useAnnouncer(() => lines.value, lastChange) });
  const shown = mount(defineComponent({ setup, render: () => null }), { global });
  vi.advanceTimersByTime(10_000);
  lines.value = [said];
  await nextTick();
  expect(shown.vm.words).toContain('hi');
  change = 'change';
  lines.value = [{ ...said, kind: 'erased', text: '' }];
  await nextTick();
  expect(shown.vm.words).toBe('');
  vi.useRealTimers();
});

it('what is known to be removed is known by its room and place', () => {
  useErasures().apply('room', [5, 7]);
  expect(useErasures().has('room', 5)).toBe(true);
  expect(useErasures().has('room', 6)).toBe(false);
  expect(useErasures().has('other', 5)).toBe(false);
});

describe('a report', () => {
  const dialog = (message?: { room: string; seq: number }): VueWrapper =>
    mount(ReportDialog, { props: { user: 'bob', name: 'Bob', message }, global, attachTo: document.body });

  it('says why, and of which message', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const message = { room: 'room', seq: 5 };
    const shown = dialog(message);
    await shown.get('textarea').setValue('  spam \n');
    await shown.get('form').trigger('submit');
    await flushPromises();
    const what = { clientId: expect.any(String) as string, user: 'bob', message, reason: 'spam' };
    expect(ask.mock.calls).toEqual([['report', what]]);
    expect(shown.get('[role=status]').text()).toBe('Thank you. An administrator will look at it.');
  });

  it('needs a reason, of so many characters', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = dialog();
    await shown.get('textarea').setValue(' ');
    await shown.get('form').trigger('submit');
    expect(shown.get('[role=alert]').text()).toBe('Say why, in 1 to 1000 characters.');
    await shown.get('textarea').setValue('好'.repeat(REPORT_REASON_CHARS_MAX + 1));
    await shown.get('form').trigger('submit');
    expect(shown.get('[role=alert]').text()).toContain('1000');
    expect(ask).not.toHaveBeenCalled();
    await shown.get('textarea').setValue('😀'.repeat(REPORT_REASON_CHARS_MAX));
    await shown.get('form').trigger('submit');
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('that fails says why, and is the same when it is sent again', async () => {
    const refused = new RequestRefused({ code: Code.tooManyReports, detail: '' });
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockRejectedValueOnce(refused)
      .mockResolvedValue(null as never);
    const shown = dialog();
    await shown.get('textarea').setValue('spam');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(shown.get('[role=alert]').text()).toContain('Let them look first.');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask.mock.calls[1]).toEqual(ask.mock.calls[0]);
    expect(shown.find('[role=status]').exists()).toBe(true);
  });

  it('is begun at a person, and of nobody at oneself', async () => {
    const acts = (user: string): VueWrapper =>
      mount(PersonActs, { props: { user, name: 'Bob' }, global, attachTo: document.body });
    expect(acts('me').text()).not.toContain('Report');
    const shown = acts('bob');
    press('Report');
    await vi.waitFor(() => {
      expect(shown.findComponent(ReportDialog).exists()).toBe(true);
    });
    expect(shown.findComponent(ReportDialog).props('message')).toBe(undefined);
  });
});

describe('the reports that are open', () => {
  const report = (number: number, of: Partial<Report> = {}): Report => ({
    ...{ number, at_ms: 0, reporter: { id: 'ann', name: 'ann' }, user: { id: 'bob', name: 'bob' } },
    ...{ message: { room: 'room', room_name: 'Design', seq: 5 }, reason: 'spam' },
    ...{ quote: { text: 'buy this', file: null }, ...of },
  });
  const button = (shown: VueWrapper, name: string): Element => {
    const found = shown.findAll('button').find((one) => one.text() === name);
    if (!found) throw new Error(`there is no button ${name}`);
    return found.element;
  };
  async function act(shown: VueWrapper, ...names: string[]): Promise<void> {
    for (const name of names) {
      (button(shown, name) as HTMLElement).click();
      await flushPromises();
    }
  }
  async function listed(...reports: Report[]): Promise<VueWrapper> {
    vi.spyOn(admin, 'reports').mockResolvedValue({ reports, more: false });
    const shown = mount(AdminReports, { global, attachTo: document.body });
    await flushPromises();
    return shown;
  }

  it('say who tells what of whom, and are closed with a note', async () => {
    const close = vi.spyOn(admin, 'closeReport').mockResolvedValue({});
    const shown = await listed(report(3));
    for (const words of ['ann about bob', 'spam', 'buy this', 'in Design'])
      expect(shown.text()).toContain(words);
    await shown.get('input').setValue(' known to us ');
    await act(shown, 'Close');
    expect(close.mock.calls).toEqual([[3, 'other', 'known to us']]);
    expect(shown.text()).toContain('No report is open.');
  });

  it('are closed by what is done about them', async () => {
    const close = vi.spyOn(admin, 'closeReport').mockResolvedValue({});
    const remove = vi.spyOn(admin, 'removeMessage').mockResolvedValue(undefined);
    const disable = vi.spyOn(admin, 'setDisabled').mockResolvedValue(undefined);
    vi.spyOn(useChat(), 'ask').mockResolvedValue({
      user: 'bob',
      username: 'bob.log.in',
      name: 'bob',
    } as never);
    let shown = await listed(report(1));
    await act(shown, 'Remove the message', 'Remove the message');
    expect(remove.mock.calls).toEqual([['room', 5]]);
    expect(close.mock.lastCall).toEqual([1, 'message_removed', '']);
    shown.unmount();
    shown = await listed(report(2, { message: null, quote: null }));
    expect(shown.text()).not.toContain('Remove the message');
    await act(shown, 'Disable the account', 'Disable the account');
    expect(disable.mock.calls).toEqual([['bob.log.in', true]]);
    expect(close.mock.lastCall).toEqual([2, 'account_disabled', '']);
  });

  it('stay open where nothing could be done, and say why', async () => {
    const close = vi.spyOn(admin, 'closeReport').mockResolvedValue({});
    vi.spyOn(admin, 'removeMessage').mockRejectedValue(
      new RequestRefused({ code: Code.noSuchMessage, detail: '' }),
    );
    const shown = await listed(report(1));
    await act(shown, 'Remove the message', 'Remove the message');
    expect(shown.get('[role=alert]').text()).toContain('There is no such message');
    expect(close).not.toHaveBeenCalled();
    expect(shown.text()).toContain('ann about bob');
  });

  it('do not let an administrator lock themselves out', async () => {
    const shown = await listed(report(1, { user: { id: 'me', name: 'me' } }));
    expect(shown.text()).not.toContain('Disable the account');
  });
});
