// @vitest-environment jsdom
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import { i18n } from '../locales/i18n';
import { Code } from '../protocol/generated';
import { RequestRefused } from '../stores/chat';
import { useLink } from '../stores/link';
import { UNDO_MS, useUndo } from '../stores/undo';
import BaseDialog from './BaseDialog.vue';
import UndoToast from './UndoToast.vue';

enableAutoUnmount(afterEach);

const ask = vi.fn<() => Promise<unknown>>();
let router: Router;
let shown: VueWrapper;
let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n, Router] };

const region = (): HTMLElement => document.querySelector<HTMLElement>('[role=region]') ?? document.body;
const toast = (): HTMLElement | null => region().querySelector('.toast');
const status = (): string => region().querySelector('[aria-live]')?.textContent ?? '';
const button = (name: string): HTMLButtonElement => {
  const all = [...region().querySelectorAll('button')];
  const found = all.find((one) => (one.getAttribute('aria-label') ?? one.textContent.trim()) === name);
  if (!found) throw new Error(`there is no button ${name}`);
  return found;
};

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  HTMLDialogElement.prototype.showModal = () => undefined;
  const pinia = createPinia();
  setActivePinia(pinia);
  i18n.global.locale.value = 'en';
  const component = { render: () => null };
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'rooms', component },
      { path: '/rooms/:room', name: 'room', component },
    ],
  });
  await router.push('/');
  global = { plugins: [pinia, i18n, router] };
  ask.mockReset().mockResolvedValue(null);
  useUndo().load('me', ask as never);
  useLink().link = { ...useLink().link, phase: 'online' };
  shown = mount(UndoToast, { global, attachTo: document.body });
});
afterEach(() => {
  vi.useRealTimers();
});

async function leave(): Promise<void> {
  useUndo().add({ name: 'leave', ask: { room: 'room' }, about: 'Design' });
  await flushPromises();
}

it('says what was done, where a screen reader hears it, until its time is over', async () => {
  expect(toast()).toBeNull();
  expect(status()).toBe('');
  const live = region().querySelector('[aria-live]');
  await leave();
  expect(region().querySelector('[aria-live]')).toBe(live);
  expect(status()).toBe('You left “Design”.');
  expect(toast()?.textContent).toContain('You left “Design”.');
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(toast()).toBeNull();
  expect(ask).toHaveBeenCalledTimes(1);
});

it('takes it back, says so, and goes back to where one was', async () => {
  await leave();
  button('Undo').click();
  await flushPromises();
  expect(toast()).toBeNull();
  expect(status()).toBe('Taken back.');
  expect(router.currentRoute.value.fullPath).toBe('/rooms/room');
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(ask).not.toHaveBeenCalled();
});

it('waits under the pointer and with the focus, and goes at once when it is closed', async () => {
  await leave();
  for (const [held, free] of [
    ['mouseenter', 'mouseleave'],
    ['focusin', 'focusout'],
  ] as const) {
    toast()?.dispatchEvent(new Event(held));
    await vi.advanceTimersByTimeAsync(10 * UNDO_MS);
    toast()?.dispatchEvent(new Event(free));
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(ask).not.toHaveBeenCalled();
  }
  button('Close').click();
  await flushPromises();
  expect(ask).toHaveBeenCalledTimes(1);
  expect(toast()).toBeNull();
});

it('is undone by the keys, but not where a text is written', async () => {
  const press = (target: EventTarget): boolean =>
    target.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true }),
    );
  const field = document.body.appendChild(document.createElement('textarea'));
  await leave();
  expect(press(field)).toBe(true);
  expect(useUndo().open).not.toBeNull();
  expect(press(document.body)).toBe(false);
  expect(useUndo().open).toBeNull();
  expect(press(document.body)).toBe(true);
  field.remove();
});

it('is over when the page is out of sight', async () => {
  for (const go of [
    () => window.dispatchEvent(new Event('pagehide')),
    () => {
      vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
      document.dispatchEvent(new Event('visibilitychange'));
    },
  ]) {
    ask.mockClear();
    await leave();
    go();
    expect(ask).toHaveBeenCalledTimes(1);
  }
  vi.restoreAllMocks();
});

it('says what waits for the connection, and what has failed and why', async () => {
  useLink().link = { ...useLink().link, phase: 'offline' };
  await leave();
  expect(status()).toBe('You left “Design”. It counts once you are connected.');
  ask.mockRejectedValue(new RequestRefused({ code: Code.roleNeeded, detail: '' }));
  useLink().link = { ...useLink().link, phase: 'online' };
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(region().querySelector('[role=alert]')?.textContent).toContain('You are still in “Design”.');
  button('Close').click();
  await flushPromises();
  expect(toast()).toBeNull();
});

it('stands in the dialog on top, for nothing outside of that can be reached', async () => {
  await leave();
  const dialog = mount(BaseDialog, { props: { title: 'one' }, global, attachTo: document.body });
  await flushPromises();
  expect(dialog.get('dialog').element.contains(toast())).toBe(true);
  dialog.unmount();
  await flushPromises();
  expect(toast()?.isConnected).toBe(true);
  button('Undo').click();
  expect(useUndo().open).toBeNull();
  shown.unmount();
});
