/** Several tabs of one person have one outbox, and one of them drains it. */
import type { Page } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import type { Server } from './server';

const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${what} ${String(at + 1)}`);

/** Another tab of the same browser, at the same room. */
async function tabOf(one: Person, server: Server, room: string): Promise<Page> {
  const page = await one.page.context().newPage();
  await page.goto(`${server.url}/#/rooms/${room}`);
  await expect(page.locator('footer .chip')).toContainText(/ms/);
  return page;
}

async function say(page: Page, texts: string[]): Promise<void> {
  const composer = page.getByRole('textbox', { name: '发送到' });
  for (const text of texts) {
    await composer.fill(text);
    await composer.press('Enter');
  }
}

/** How many tabs hold the outbox's lock, and how many wait for it. */
function locks(page: Page): Promise<{ held: number; waiting: number }> {
  return page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    const ours = (all: LockInfo[]): number =>
      all.filter(({ name }) => name?.startsWith('rill outbox ')).length;
    return { held: ours(held), waiting: ours(pending) };
  });
}

async function begin(
  person: (name: string) => Promise<Person>,
  server: Server,
): Promise<{ one: Person; other: Page; room: string }> {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await expect(one.chip).toContainText(/ms/);
  await expect.poll(() => locks(one.page)).toEqual({ held: 1, waiting: 0 });
  const other = await tabOf(one, server, room);
  await expect.poll(() => locks(other)).toEqual({ held: 1, waiting: 1 });
  return { one, other, room };
}

/** Everything is sent, and both the page and the server have each message once, in this order. */
async function expectOnce(reader: Person, room: string, texts: string[]): Promise<void> {
  await expect(reader.page.locator('[data-state=waiting], [data-state=failed]')).toHaveCount(0);
  await expect.poll(async () => (await reader.stored(room)).map(({ text }) => text)).toEqual(texts);
  await expect(async () => {
    expect(await reader.allMessages()).toEqual(await reader.stored(room));
  }).toPass({ timeout: 30_000 });
}

test('what a closed tab wrote without a connection is sent by the one that is left', async ({
  person,
  server,
}) => {
  const { one, other, room } = await begin(person, server);
  await server.kill();
  await say(other, numbered('from the closed tab', 5));
  await expect(one.message('from the closed tab 5')).toHaveAttribute('data-state', 'waiting');
  await other.close();
  await one.say('from the other tab');
  await server.start();
  await expectOnce(one, room, [...numbered('from the closed tab', 5), 'from the other tab']);
});

test('a tab that is closed in the middle of sending leaves the rest to the other', async ({
  person,
  server,
}) => {
  const { one, other, room } = await begin(person, server);
  await say(one.page, numbered('answered', 3));
  await expect(one.message('answered 3')).toHaveAttribute('data-state', 'sent');
  // The first tab holds the lock: one message is on the wire and the others wait behind it.
  server.freeze();
  await say(one.page, numbered('in the middle', 30));
  await one.page.close();
  server.thaw();
  await expect.poll(() => locks(other)).toEqual({ held: 1, waiting: 0 });
  const left = Object.assign(Object.create(one) as Person, { page: other });
  const said = [...numbered('answered', 3), ...numbered('in the middle', 30)];
  await expectOnce(left, room, said);
  // And it goes on as if it had always been the only one.
  await say(other, ['afterwards']);
  await expectOnce(left, room, [...said, 'afterwards']);
});

test('a message is safe from the moment of its Enter, and its draft is gone with it', async ({
  person,
  server,
}) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  const said: string[] = [];
  for (let turn = 1; turn <= 5; turn += 1) {
    const tab = await tabOf(one, server, room);
    await one.page.goto('about:blank');
    const text = `last words ${String(turn)}`;
    said.push(text);
    await tab.getByRole('textbox', { name: '发送到' }).fill(text);
    await tab.getByRole('textbox', { name: '发送到' }).press('Enter');
    await tab.close();
    await one.open(`/rooms/${room}`);
    await expectOnce(one, room, said);
    await expect(one.composer).toHaveValue('');
  }
});

test('a browser whose storage is full sends all the same, from every tab', async ({ person, server }) => {
  const full = `IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };`;
  const one = await person('user1');
  const context = one.page.context();
  // What the test hands on comes from nowhere for the browser.
  await context.grantPermissions(['local-network-access']);
  await context.addInitScript(full);
  await context.route(/assets\/worker-.*\.js$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${full}\n${await answer.text()}` });
  });
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await expect(one.chip).toContainText(/ms/);
  const other = await tabOf(one, server, room);
  await one.say('from the first');
  await one.expectMessage('from the first');
  await expect(one.message('from the first')).toHaveAttribute('data-state', 'sent');
  await say(other, ['from the second']);
  await one.expectMessage('from the second');
  await expectOnce(one, room, ['from the first', 'from the second']);
  await expect(other.locator('[data-state=sent]')).toHaveCount(2);
});
