/** Who may have an account, what one does with one's own, and what administrators do. */
import type { Locator } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import type { Person } from './fixtures';
import { PASSWORD, expect, test } from './fixtures';

const NEW_PASSWORD = 'glass bicycle orchestra 7';

const inside = (one: Person): Promise<void> =>
  expect(one.page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();

async function fillRegistration(one: Person): Promise<void> {
  await one.page.getByLabel('用户名').fill(one.name);
  await one.page.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await one.page.getByRole('button', { name: '注册', exact: true }).click();
}

/** Unfolds what can be done with an account. */
async function unfold(dialog: Locator, name: string): Promise<Locator> {
  const row = dialog.getByRole('listitem').filter({ hasText: name });
  await row.getByRole('button', { name }).click();
  return row;
}

test.describe('by invitation', () => {
  test.use({ settings: ['accounts.registration=invitation'] });

  test('the first account is the administrator’s, who invites by a link', async ({
    server,
    person,
  }, info) => {
    const boss = await person('boss');
    await boss.open();
    await expect(boss.page.getByText('这是第一个账号，将成为管理员。')).toBeVisible();
    await expect(boss.page.getByLabel('邀请码')).toHaveCount(0);
    await expectAccessible(boss.page);
    await shoot(boss.page, info, 'register-first');
    await fillRegistration(boss);
    await inside(boss);

    const dialog = await boss.openSettings('邀请');
    await expect(dialog.getByText('目前没有可用的邀请。')).toBeVisible();
    await dialog.getByLabel('可使用的人数').fill('0');
    await dialog.getByRole('button', { name: '创建邀请' }).click();
    await expect(dialog.getByText('请输入 1 到 1000 的数字')).toBeVisible();
    await dialog.getByLabel('可使用的人数').fill('2');
    await dialog.getByLabel('有效期').selectOption({ label: '30 天' });
    await dialog.getByRole('button', { name: '创建邀请' }).click();
    const link = await dialog.getByLabel('发给受邀者的链接').inputValue();
    expect(link.startsWith(`${server.url}/#/register?invitation=`)).toBe(true);
    await expect(dialog.getByText('剩余 2 次，共 2 次')).toBeVisible();
    await expectAccessible(boss.page);
    await shoot(boss.page, info, 'invitations');

    // Without one nobody comes in, and with one the code never leaves the fragment by itself.
    const stranger = await person('stranger');
    await stranger.open();
    await stranger.page.getByRole('button', { name: '还没有账号' }).click();
    await stranger.page.getByLabel('邀请码').fill('guessed');
    await fillRegistration(stranger);
    await expect(stranger.page.getByLabel('邀请码')).toHaveAccessibleDescription(/邀请码无效/);
    await expect(stranger.page.getByLabel('邀请码')).toBeFocused();
    await shoot(stranger.page, info, 'register-refused');

    const guest = await person('guest');
    const pages: string[] = [];
    guest.page.on('request', (request) => {
      if (request.isNavigationRequest()) pages.push(request.url());
    });
    await guest.page.goto(link);
    await expect(guest.page.getByLabel('邀请码')).toHaveValue(/.{20,}/);
    await shoot(guest.page, info, 'register-invited');
    await fillRegistration(guest);
    await inside(guest);
    await expect(guest.page).not.toHaveURL(/invitation/);
    expect(pages.every((url) => !new URL(url).search.includes('invitation'))).toBe(true);
    await guest.page.getByRole('button', { name: '设置', exact: true }).click();
    // What is not theirs to do is not there.
    await expect(guest.page.getByRole('button', { name: '我的账号' })).toBeVisible();
    await expect(guest.page.getByRole('button', { name: '用户管理' })).toHaveCount(0);
    await expect(guest.page.getByRole('button', { name: '邀请' })).toHaveCount(0);

    await boss.page.keyboard.press('Escape');
    const again = await boss.openSettings('邀请');
    await expect(again.getByText('剩余 1 次，共 2 次')).toBeVisible();
    await again.getByRole('button', { name: '撤销' }).click();
    await again.getByRole('button', { name: '撤销' }).click();
    await expect(again.getByText('目前没有可用的邀请。')).toBeVisible();
    await stranger.page.goto(link);
    await stranger.page.reload();
    await fillRegistration(stranger);
    await expect(stranger.page.getByLabel('邀请码')).toHaveAccessibleDescription(/邀请码无效/);
  });
});

test.describe('closed', () => {
  test.use({ settings: ['accounts.registration=closed'] });

  test('where nobody may register nothing offers it', async ({ person }) => {
    const one = await person('visitor');
    await one.open();
    await expect(one.page.getByRole('heading', { name: '登录' })).toBeVisible();
    await expect(one.page.getByRole('button', { name: '还没有账号' })).toHaveCount(0);
    await one.open('/register?invitation=abc');
    await expect(one.page.getByText('账号由管理员创建')).toBeVisible();
    await expect(one.page.getByLabel('邀请码')).toHaveCount(0);
  });
});

test('a changed password ends the other devices, and errors stand beside their field', async ({
  person,
}, info) => {
  const [here, there] = [await person('user1'), await person('user1')];
  await here.register();
  await there.open();
  await there.login();
  await inside(there);
  await here.open();

  const dialog = await here.openSettings('我的账号');
  await expect(dialog.getByText('Linux 上的 Chrome')).toHaveCount(1);
  await expect(dialog.getByText('本设备')).toBeVisible();
  await expectAccessible(here.page);
  await shoot(here.page, info, 'account');
  const [current, fresh] = [dialog.getByLabel('当前密码'), dialog.getByLabel('新密码')];
  const change = dialog.getByRole('button', { name: '修改密码' });

  await change.click();
  await expect(current).toBeFocused();
  await current.fill('not the password');
  await fresh.fill(NEW_PASSWORD);
  await change.click();
  await expect(current).toHaveAccessibleDescription('当前密码不正确。');
  await current.fill(PASSWORD);
  for (const [weak, why] of [
    ['short', /至少 8 个字符/],
    ['password123', /太容易被猜到/],
  ] as const) {
    await fresh.fill(weak);
    await change.click();
    await expect(fresh).toHaveAccessibleDescription(why);
    await expect(fresh).toBeFocused();
  }
  await fresh.fill(NEW_PASSWORD);
  await change.click();
  await expect(dialog.getByText('密码已修改')).toBeVisible();
  await expect(current).toHaveValue('');

  // Within the seconds that the server promises, and this one goes on.
  await expect(there.page.getByText('登录已失效')).toBeVisible();
  await there.login(PASSWORD);
  await expect(there.page.getByText('用户名或密码错误。')).toBeVisible();
  await there.login(NEW_PASSWORD);
  await inside(there);
  await here.page.keyboard.press('Escape');
  await expect(here.chip).toContainText('ms');
});

test('devices are ended one by one, or all others at once after a question', async ({ person }) => {
  const here = await person('user1');
  const others = [await person('user1'), await person('user1'), await person('user1')];
  await here.register();
  for (const one of others) {
    await one.open();
    await one.login();
    await inside(one);
  }
  await here.open();
  const dialog = await here.openSettings('我的账号');
  const rows = dialog.getByRole('region', { name: '已登录的设备' }).getByRole('listitem');
  await expect(rows).toHaveCount(4);
  await expect(rows.first()).toContainText('本设备');
  await rows.nth(1).getByRole('button').click();
  await expect(rows).toHaveCount(3);
  await dialog.getByRole('button', { name: '退出其他所有设备' }).click();
  await expect(dialog.getByText('退出其他 2 台设备？')).toBeVisible();
  await dialog.getByRole('button', { name: '取消' }).click();
  await expect(rows).toHaveCount(3);
  await dialog.getByRole('button', { name: '退出其他所有设备' }).click();
  await dialog.getByRole('button', { name: '退出其他所有设备' }).click();
  await expect(rows).toHaveCount(1);
  for (const one of others) await expect(one.page.getByText('登录已失效')).toBeVisible();
});

test('administrators disable, enable, promote, reset and make accounts', async ({ person }, info) => {
  const [boss, member] = [await person('boss'), await person('member')];
  await boss.register();
  await member.register();
  await member.open();
  await boss.open();

  let dialog = await boss.openSettings('用户管理');
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  // The last administrator stays one.
  const self = await unfold(dialog, 'boss');
  await self.getByRole('button', { name: '取消管理员' }).click();
  await self.getByRole('button', { name: '取消管理员' }).click();
  await expect(self.getByText('这是最后一位管理员')).toBeVisible();
  await expectAccessible(boss.page);
  await shoot(boss.page, info, 'people');
  await self.getByRole('button', { name: 'boss' }).click();

  const row = await unfold(dialog, 'member');
  await row.getByRole('button', { name: '停用' }).click();
  await expect(row.getByText('停用 member？')).toBeVisible();
  await shoot(boss.page, info, 'people-question');
  await row.getByRole('button', { name: '停用' }).click();
  await expect(row.getByText('已停用')).toBeVisible();
  await expect(member.page).toHaveURL(/#\/login/);
  await member.login();
  await expect(member.page.getByText('该账号已被停用')).toBeVisible();
  await row.getByRole('button', { name: '启用' }).click();
  await expect(row.getByText('已停用')).toHaveCount(0);
  await member.login();
  await inside(member);

  await row.getByRole('button', { name: '重置密码' }).click();
  await row.getByRole('button', { name: '重置密码' }).click();
  const password = await row.getByLabel('member 的新密码').inputValue();
  expect(password.length).toBeGreaterThan(8);
  await shoot(boss.page, info, 'people-reset');
  await expect(member.page.getByText('登录已失效')).toBeVisible();
  await member.login(password);
  await inside(member);

  await boss.page.keyboard.press('Escape');
  dialog = await boss.openSettings('用户管理');
  const promoted = await unfold(dialog, 'member');
  await promoted.getByRole('button', { name: '设为管理员' }).click();
  await promoted.getByRole('button', { name: '设为管理员' }).click();
  await expect(promoted).toContainText('管理员');
  await member.page.reload();
  await member.openSettings('用户管理');

  await dialog.getByLabel('为他人新建账号').fill('newcomer');
  await dialog.getByRole('button', { name: '创建' }).click();
  const made = await dialog.getByLabel('newcomer 的初始密码').inputValue();
  await expect(dialog.getByRole('listitem').filter({ hasText: 'newcomer' })).toBeVisible();
  const newcomer = await person('newcomer');
  await newcomer.open();
  await newcomer.login(made);
  await inside(newcomer);
});

async function invite({ page }: Person): Promise<void> {
  const address = new URL('/api/v1/admin/invitations', page.url()).href;
  const made = await page.request.post(address, { data: { uses: 1, expires_in_s: 3_600 } });
  expect(made.status()).toBe(201);
}

test('what administrators did is listed for them, page by page', async ({ person }, info) => {
  const [boss, member] = [await person('boss'), await person('member')];
  await boss.register();
  await member.register();
  await boss.open();
  // More than a page of them.
  for (let times = 0; times < 60; times += 1) await invite(boss);

  // What does not come says so, and is asked for again.
  const pages = '**/api/v1/admin/audit*';
  await boss.page.context().route(pages, (route) => route.abort());
  let dialog = await boss.openSettings('操作记录');
  await expect(dialog.getByRole('alert')).toBeVisible();
  await shoot(boss.page, info, 'audit-error');
  await boss.page.context().unroute(pages);
  await dialog.getByRole('button', { name: '重试' }).click();
  const acts = dialog.getByRole('listitem');
  await expect(acts).toHaveCount(50);
  await dialog.getByRole('button', { name: '显示更多' }).click();
  await expect(acts).toHaveCount(60);
  await expect(dialog.getByRole('button', { name: '显示更多' })).toHaveCount(0);
  await boss.page.keyboard.press('Escape');

  const people = await boss.openSettings('用户管理');
  const row = await unfold(people, 'member');
  await row.getByRole('button', { name: '停用' }).click();
  await row.getByRole('button', { name: '停用' }).click();
  await expect(row.getByText('已停用')).toBeVisible();
  await row.getByRole('button', { name: '启用' }).click();
  await expect(row.getByText('已停用')).toHaveCount(0);
  await boss.page.keyboard.press('Escape');
  dialog = await boss.openSettings('操作记录');
  await expect(acts.nth(0)).toContainText('boss 启用了账号 member');
  await expect(acts.nth(1)).toContainText('boss 停用了账号 member');
  await expect(acts.nth(2)).toContainText('boss 创建了一个邀请');
  await expectAccessible(boss.page);
  await shoot(boss.page, info, 'audit');
  await boss.page.keyboard.press('Escape');

  // Whoever is no administrator is not offered it.
  await member.open();
  await member.login();
  await member.page.getByRole('button', { name: '设置', exact: true }).click();
  await expect(member.page.getByRole('button', { name: '我的账号' })).toBeVisible();
  await expect(member.page.getByRole('button', { name: '操作记录' })).toHaveCount(0);
});

test('the wait after too many tries is told in a calm sentence', async ({ person }) => {
  const one = await person('user1');
  await one.open();
  await one.page.context().route('**/api/v1/login', (route) =>
    route.fulfill({
      status: 429,
      headers: { 'retry-after': '42' },
      json: { error: { code: 8, name: 'rate_limited', action: 'retry', detail: 'wait' } },
    }),
  );
  await one.page.getByRole('button', { name: '已有账号' }).click();
  await one.login();
  await expect(one.page.getByText('尝试次数过多，请等待 42 秒后再试。')).toBeVisible();
});

for (const width of [390, 320]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the account pages on a phone ${String(width)} px wide, ${colorScheme}`, async ({
      person,
    }, info) => {
      const boss = await person('boss', {
        colorScheme,
        viewport: { width, height: 720 },
        hasTouch: true,
        isMobile: true,
        deviceScaleFactor: 2,
        locale: width === 320 ? 'en-GB' : 'zh-CN',
      });
      await boss.register();
      const other = await person('方琳涵');
      await other.register();
      await boss.open();
      await invite(boss);
      const { page } = boss;
      for (const [zh, en] of [
        ['我的账号', 'Your account'],
        ['用户管理', 'People'],
        ['邀请', 'Invitations'],
        ['操作记录', 'Audit log'],
      ] as const) {
        await page.getByRole('button', { name: /^(设置|Settings)$/ }).tap();
        if (zh === '我的账号') await shoot(page, info, `phone-settings-${String(width)}-${colorScheme}`);
        const name = width === 320 ? en : zh;
        await page.getByRole('button', { name, exact: true }).tap();
        const dialog = page.getByRole('dialog', { name });
        await expect(dialog.getByRole('status', { includeHidden: false })).toHaveCount(0);
        if (zh === '用户管理') {
          await dialog.getByRole('button', { name: '方琳涵' }).tap();
          await dialog.getByRole('button', { name: /停用|Disable/ }).tap();
        }
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
        await shoot(
          page,
          info,
          `phone-${en.toLowerCase().replaceAll(' ', '-')}-${String(width)}-${colorScheme}`,
        );
        await page.keyboard.press('Escape');
        if (await dialog.isVisible()) await page.keyboard.press('Escape');
        await expect(dialog).toBeHidden();
      }
    });
  }
}
