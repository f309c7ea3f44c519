/** How it looks and feels: widths, themes, languages, keyboard, accessibility. */
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

/** Four people, a few rooms, and a conversation as on the drawings. */
async function livelyRoom(
  person: (name: string, options?: object) => Promise<Person>,
  options = {},
): Promise<{ me: Person; room: string }> {
  const me = await person('林泓宇', options);
  const others = {
    方琳涵: await person('方琳涵'),
    'Alex.Chen': await person('Alex.Chen'),
    周牧: await person('周牧'),
  };
  await me.register();
  for (const one of Object.values(others)) await one.register();
  const side: [string, Person, string][] = [
    ['读书会', others['周牧'], '下期《长日将尽》，周日 15:00'],
    ['前端周会', others['方琳涵'], '纪要已归档到共享文件'],
    ['运维值班', others['周牧'], '告警恢复：内存 61%'],
    ['后端联调', others['周牧'], '心跳改成 25s，移动网络更稳'],
  ];
  for (const [name, who, text] of side) {
    const id = await me.makeRoom(name);
    await who.enterRoom(id);
    await who.post(id, [text]);
  }
  const room = await me.makeRoom('产品设计组');
  for (const one of Object.values(others)) await one.enterRoom(room);
  await others['方琳涵'].post(room, [
    '早。昨晚把消息列表换成了虚拟滚动，一万条历史拖动不掉帧。',
    '向上加载时位置不会跳动。',
  ]);
  await me.post(room, ['漂亮！那首屏指标呢？']);
  await others['周牧'].post(room, [
    '冷启动 0.9 s，其中传输握手省了一个往返：\nWebTransport 38 ms\nWebSocket 112 ms',
  ]);
  await others['方琳涵'].post(room, ['首屏的动效这版可以，深色模式下气泡再压一点亮度。']);
  await others['Alex.Chen'].post(room, ['Agreed. I also left notes in https://docs.example.com/review 👀']);
  await me.post(room, ['收到，我把录屏发上来，大家对着看。']);
  await others['周牧'].post(room, ['服务器刚才重启了一次，有人感觉到吗？']);
  await others['方琳涵'].post(room, ['没有，消息一条没丢，也没有重复。']);
  await me.post(room, ['好，今天下班前合并，明早一起过一遍。']);
  for (const one of [others['方琳涵'], others['Alex.Chen']]) await one.open(`/rooms/${room}`);
  await me.open(`/rooms/${room}`);
  await expect(me.message('今天下班前合并')).toBeVisible();
  await expect(me.page.getByText('3 在线')).toBeVisible();
  return { me, room };
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`on a desktop, ${colorScheme}`, async ({ person }, info) => {
    const { me } = await livelyRoom(person, { colorScheme, viewport: { width: 1360, height: 860 } });
    await expect(me.chip).toContainText('ms');
    await expectAccessible(me.page);
    await expectNoSidewaysScroll(me.page);
    await shoot(me.page, info, `desktop-${colorScheme}`);
    await me.chip.click();
    await shoot(me.page, info, `connection-${colorScheme}`);
    await expectAccessible(me.page);
    await me.page.keyboard.press('Escape');
    await me.page.getByRole('button', { name: '设置', exact: true }).click();
    await expectAccessible(me.page);
    await shoot(me.page, info, `settings-${colorScheme}`);
    await me.page.keyboard.press('Escape');
    await me.page.getByRole('button', { name: '新建会话' }).click();
    await expect(me.page.getByLabel('房间名称')).toBeFocused();
    await expect(me.page.getByRole('button', { name: '打开 产品设计组' })).toBeVisible();
    await expectAccessible(me.page);
    await shoot(me.page, info, `directory-${colorScheme}`);
    await me.page.keyboard.press('Escape');
    await expect(me.page.getByRole('button', { name: '新建会话' })).toBeFocused();
  });

  for (const width of [390, 320]) {
    test(`on a phone ${String(width)} px wide, ${colorScheme}`, async ({ person }, info) => {
      const { me } = await livelyRoom(person, {
        colorScheme,
        viewport: { width, height: width === 390 ? 844 : 568 },
        hasTouch: true,
        isMobile: true,
        deviceScaleFactor: 2,
      });
      const { page } = me;
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await shoot(page, info, `phone-chat-${String(width)}-${colorScheme}`);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, input, textarea, .item')]
          .filter((element) => element.checkVisibility() && !element.closest('[popover]'))
          .map(
            (element) =>
              [
                element.getAttribute('aria-label') ?? element.textContent,
                element.getBoundingClientRect(),
                getComputedStyle(element).fontSize,
                element.tagName,
              ] as const,
          )
          .filter(
            ([, { height, width: wide }, font, tag]) =>
              height < 44 || wide < 44 || (tag !== 'BUTTON' && tag !== 'A' && Number.parseFloat(font) < 16),
          )
          .map(([label, { width: wide, height }]) => `${label ?? ''} ${String(wide)}x${String(height)}`),
      );
      expect(small).toEqual([]);

      await page.getByRole('button', { name: '显示会话详情' }).tap();
      await expect(page.getByRole('dialog').getByText('成员 · 4')).toBeVisible();
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await shoot(page, info, `phone-details-${String(width)}-${colorScheme}`);
      await page.getByRole('button', { name: '关闭' }).tap();

      await page.getByRole('button', { name: '返回会话列表' }).tap();
      await expect(page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await shoot(page, info, `phone-list-${String(width)}-${colorScheme}`);
      await page.getByRole('link', { name: '产品设计组' }).tap();
      await expect(me.composer).toBeVisible();
      await page.goBack();
      await page.getByRole('button', { name: '新建会话' }).tap();
      await expectNoSidewaysScroll(page);
      await shoot(page, info, `phone-directory-${String(width)}-${colorScheme}`);
    });
  }
}

test('on a tablet, in English, and back to Chinese without a reload', async ({ person }, info) => {
  const { me } = await livelyRoom(person, { locale: 'zh-CN', viewport: { width: 834, height: 1112 } });
  const { page } = me;
  await page.evaluate(() => {
    (window as unknown as { kept: boolean }).kept = true;
  });
  await page.getByRole('button', { name: '设置', exact: true }).click();
  await page.getByText('English').click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Chats' })).toBeVisible();
  await expect(page.getByText('4 members')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  expect(await page.locator('main').innerText()).not.toMatch(/会话|成员|在线|发送到/);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await shoot(page, info, 'tablet-en');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByText('中文').click();
  await page.getByText('深色', { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { kept: boolean }).kept)).toBe(true);
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('before the login', async ({ server, person }, info) => {
  // Where nobody has an account yet, the page begins with the first one.
  await (await person('somebody')).register();
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [320, 'dark'],
  ] as const) {
    const { page } = await person('visitor', { viewport: { width, height: 720 }, colorScheme });
    await page.goto(server.url);
    await expect(page.getByRole('heading', { name: '登录' })).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await shoot(page, info, `login-${String(width)}`);
    await page.getByRole('button', { name: '还没有账号' }).click();
    await expectAccessible(page);
  }
});

test('everything can be reached with the keyboard', async ({ person }) => {
  const { me } = await livelyRoom(person, { viewport: { width: 1360, height: 860 } });
  const { page } = me;
  await expect(me.composer).toBeFocused();
  const reached = new Set<string>();
  for (let step = 0; step < 90; step += 1) {
    await page.keyboard.press('Tab');
    const { name, visible } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      return {
        name: element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 20),
        visible:
          style.outlineStyle !== 'none' ||
          element.closest('.frame, .control') !== null ||
          element === document.body,
      };
    });
    reached.add(name);
    expect(visible, name).toBe(true);
  }
  for (const name of ['新建会话', '设置', '隐藏会话详情', '离开会话'])
    expect(
      [...reached].some((one) => one.includes(name)),
      name,
    ).toBe(true);
});
