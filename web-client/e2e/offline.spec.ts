/** Without a server: the banner, the outbox, drafts, and what failed. */
import { expect, test } from './fixtures';

test('the banner comes after two seconds, the composer stays usable, the outbox survives a reload', async ({
  server,
  person,
}) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await one.say('before');
  await expect(one.message('before')).toHaveAttribute('data-state', 'sent');
  const banner = one.page.getByText('网络不稳定');

  const killedMs = Date.now();
  await server.kill();
  await one.page.waitForTimeout(1_000);
  const isVisible = await banner.isVisible();
  // On a machine that is late itself this says nothing.
  if (Date.now() - killedMs < 1_800) expect(isVisible).toBe(false);
  await expect(banner).toBeVisible({ timeout: 30_000 });
  for (const text of ['queued 1', 'queued 2', 'queued 3']) await one.say(text);
  await expect(one.message('queued 3')).toHaveAttribute('data-state', 'waiting');
  await expect(one.message('queued 3')).toContainText('等待连接');

  await one.page.goto('about:blank');
  await server.start();
  await one.open(`/rooms/${room}`);
  await expect(one.message('queued 3')).toHaveAttribute('data-state', 'sent');
  await expect(banner).toBeHidden();
  expect((await one.allMessages()).map(({ text }) => text)).toEqual([
    'before',
    'queued 1',
    'queued 2',
    'queued 3',
  ]);
});

test('“retry now” connects at once', async ({ server, person }) => {
  const one = await person('user1');
  await one.register();
  await one.makeRoom('技术交流');
  await one.open('/', 'websocket');
  await expect(one.chip).toContainText('WebSocket');
  const retryNow = one.page.getByRole('button', { name: '立即重试' });
  for (let isClicked = false; !isClicked;) {
    await server.kill();
    // Long enough for the pauses between the attempts to have grown.
    await one.page.waitForTimeout(12_000);
    await server.start();
    // Unless an attempt of its own came first, while the server started: then once more.
    isClicked = await retryNow.click({ timeout: 1_000 }).then(
      () => true,
      () => false,
    );
    if (!isClicked) await expect(one.chip).toContainText('WebSocket');
  }
  await expect(one.chip).toContainText('WebSocket', { timeout: 3_000 });
});

test('a failed message offers to be sent again or deleted', async ({ server, person }) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await expect(one.chip).toContainText(/ms/);
  // As the outbox keeps a message that the server refused.
  const { user } = (await (await one.page.request.get(`${server.url}/api/v1/me`)).json()) as {
    user: { id: string };
  };
  await one.page.evaluate(
    async ([userId, roomId]) => {
      const open = indexedDB.open('rill');
      await new Promise((done) => {
        open.onsuccess = done;
      });
      const write = open.result.transaction('outbox', 'readwrite');
      for (const [at, text] of ['once', 'never'].entries()) {
        const clientId = `0${String(at + 1)}HF7YB4MHETMR43CXEJ46WBG9`.slice(0, 26);
        const createdMs = Date.now() + at;
        write
          .objectStore('outbox')
          .put({ user: userId, clientId, room: roomId, text, createdMs, state: 'failed', code: 7 });
      }
      await new Promise((done) => {
        write.oncomplete = done;
      });
    },
    [user.id, room],
  );
  await one.page.reload();
  await expect(one.message('once')).toContainText('发送失败');
  await one.message('never').getByRole('button', { name: '删除' }).click();
  await expect(one.message('never')).toHaveCount(0);
  await one.message('once').getByRole('button', { name: '重试' }).click();
  await expect(one.message('once')).toHaveAttribute('data-state', 'sent');
  await one.page.reload();
  await one.expectMessage('once');
  await expect(one.message('never')).toHaveCount(0);
});

test('a draft belongs to its room, shows in the list and survives a reload', async ({ person }) => {
  const one = await person('user1');
  await one.register();
  const [first, second] = [await one.makeRoom('技术交流'), await one.makeRoom('读书会')];
  await one.open(`/rooms/${first}`);
  await one.composer.fill('未写完的话');
  await one.page.getByRole('link', { name: '读书会' }).click();
  await expect(one.composer).toHaveValue('');
  await expect(one.page.getByRole('link', { name: '技术交流' })).toContainText('[草稿] 未写完的话');
  await one.page.waitForTimeout(500);
  await one.page.reload();
  await expect(one.page.getByRole('link', { name: '技术交流' })).toContainText('[草稿] 未写完的话');
  await one.page.getByRole('link', { name: '技术交流' }).click();
  await expect(one.composer).toHaveValue('未写完的话');
  await one.composer.press('Enter');
  await expect(one.message('未写完的话')).toHaveAttribute('data-state', 'sent');
  await expect(one.page.getByRole('link', { name: '技术交流' })).not.toContainText('草稿');
  expect(second).not.toBe(first);
});

test('Enter sends, Shift+Enter breaks the line, and an input method keeps its Enter', async ({ person }) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await one.composer.fill('first');
  await one.composer.press('Shift+Enter');
  await one.composer.pressSequentially('second');
  await expect(one.composer).toHaveValue('first\nsecond');
  for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
    await one.composer.dispatchEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init });
  }
  await expect(one.page.locator('article')).toHaveCount(0);
  await one.composer.press('Enter');
  await expect(one.message('first')).toHaveCount(1);
  await expect(one.message('first').locator('.bubble')).toHaveText('first\nsecond', { useInnerText: true });
  await expect(one.composer).toHaveValue('');
});

test('two tabs of one person agree, and a message is sent once', async ({ person, server }) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  const other = await one.page.context().newPage();
  await other.goto(`${server.url}/#/rooms/${room}`);
  const log = other.getByRole('log');
  for (let at = 1; at <= 5; at += 1) await one.say(`from one ${String(at)}`);
  await other.getByRole('textbox', { name: '发送到' }).fill('from the other');
  await other.getByRole('textbox', { name: '发送到' }).press('Enter');
  await expect(log.locator('article[data-state=sent]')).toHaveCount(6);
  await expect(one.page.locator('article[data-state=sent]')).toHaveCount(6);
  expect((await one.allMessages()).length).toBe(6);
});
