/**
 * Browsers beside Chromium: register, send, receive from somebody else, and over which
 * transport. Outside `make test`, for the packages are big: `make browsers`.
 */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { Server } from '../e2e/server';
import { until } from './driver';
import type { Driver } from './driver';
import { startFirefox } from './firefox';
import { startWebKit } from './webkit';

const PASSWORD = 'correct horse battery';
/** Types as a person does, as far as the page can tell. */
const TYPE = `
  const [selector, text] = arguments;
  const field = document.querySelector(selector);
  if (!field || field.disabled) return false;
  field.focus();
  field.value = text;
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  return true;`;
const SHOWN = `
  const [text] = arguments;
  return [...document.querySelectorAll('article')].some(
    (row) => row.textContent.includes(text) && row.dataset.state !== 'waiting');`;
const CHIP = `
  const text = document.querySelector('footer .chip')?.textContent ?? '';
  return text.includes(' ms') ? text : null;`;

const BROWSERS: { name: string; start: () => Promise<Driver> }[] = [
  { name: 'Firefox', start: () => startFirefox(process.env.FIREFOX_PATH ?? 'firefox-esr') },
  { name: 'WebKitGTK', start: () => startWebKit(process.env.WEBKIT_DRIVER_PATH ?? 'WebKitWebDriver', 4_747) },
];

for (const { name, start } of BROWSERS) {
  test(`${name} logs in, sends and receives`, async ({ request }, info) => {
    const server = await Server.start();
    const driver = await start();
    try {
      // Somebody else, over the API.
      const post = (path: string, data: unknown, headers = {}): ReturnType<typeof request.post> =>
        request.post(`${server.url}/api/v1/${path}`, {
          data,
          headers: { 'idempotency-key': randomUUID(), ...headers },
        });
      await post('register', { username: 'other', password: PASSWORD });
      await post('register', { username: 'user1', password: PASSWORD });
      const { token } = (await (await post('login', { username: 'other', password: PASSWORD })).json()) as {
        token: string;
      };
      const asOther = { authorization: `Bearer ${token}` };
      const made = await post('rooms', { name: '技术交流' }, asOther);
      const { room } = (await made.json()) as { room: { id: string } };

      await driver.navigate(`${server.url}/#/login`);
      await until(driver, 'the form', TYPE, 'input[name=username]', 'user1');
      await until(driver, 'the form', TYPE, 'input[name=password]', PASSWORD);
      await driver.execute(`document.querySelector('form').requestSubmit()`);
      const chip = String(await until(driver, 'a connection', CHIP));
      await driver.execute(
        `return fetch('/api/v1/rooms/' + arguments[0] + '/join', {
           method: 'POST', headers: { 'idempotency-key': arguments[1] } }).then(({ status }) => status)`,
        room.id,
        randomUUID(),
      );
      await driver.execute(`location.hash = '#/rooms/' + arguments[0]`, room.id);
      await until(driver, 'the composer', TYPE, 'textarea', `hello from ${name}`);
      await driver.execute(
        `document.querySelector('textarea').dispatchEvent(
           new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))`,
      );
      await until(driver, 'its own message', SHOWN, `hello from ${name}`);
      await post(`rooms/${room.id}/messages`, { text: 'hello back' }, asOther);
      await until(driver, 'the answer', SHOWN, 'hello back');
      const why = await driver.execute(
        `document.querySelector('footer .me').click(); return document.querySelector('.details').innerText`,
      );
      console.log(`    ${driver.name}: ${chip}\n${String(why).replace(/^/gm, '      ')}`);
      info.annotations.push({ type: driver.name, description: chip });
      expect(chip).toMatch(/WebTransport|WebSocket/);
    } finally {
      await driver.quit();
      await server.stop();
    }
  });
}
