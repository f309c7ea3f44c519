/** Registering, logging in and out; errors stand beside their field. */
import { PASSWORD, expect, test } from './fixtures';

test('registering and logging in tell what is wrong beside the field', async ({ server, person }) => {
  await (await person('user1')).register();
  const { page } = await person('newcomer');
  await page.goto(server.url);
  await expect(page).toHaveURL(/#\/login/);
  const username = page.getByLabel('用户名');
  const password = page.getByLabel('密码', { exact: true });

  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(username).toBeFocused();
  await expect(username).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByText('请输入用户名')).toBeVisible();

  await username.fill('user1');
  await password.fill('wrong password');
  await password.press('Enter');
  await expect(page.getByText('用户名或密码错误。')).toBeVisible();
  await expect(password).toBeFocused();
  await expect(password).toHaveAccessibleDescription('用户名或密码错误。');
  await expect(username).toHaveAttribute('autocomplete', 'username');
  await expect(password).toHaveAttribute('autocomplete', 'current-password');

  await page.getByRole('button', { name: '还没有账号' }).click();
  await expect(password).toHaveAttribute('autocomplete', 'new-password');
  await username.fill('USER1');
  await expect(page.getByText('该用户名已被使用')).toBeVisible();
  await username.fill('newcomer');
  await expect(page.getByText('“newcomer”可以使用')).toBeVisible();
  await password.fill('short');
  await page.getByRole('button', { name: '注册', exact: true }).click();
  await expect(page.getByText('密码至少 8 个字符')).toBeVisible();
  await expect(password).toBeFocused();
  await password.fill(PASSWORD);
  await page.getByRole('button', { name: '注册', exact: true }).click();
  await expect(page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();

  await page.getByRole('button', { name: '设置', exact: true }).click();
  await page.getByRole('button', { name: '退出登录' }).click();
  await expect(page).toHaveURL(/#\/login/);
  await page.getByLabel('用户名').fill('newcomer');
  await page.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();
});

test('a link to a room leads there after the login', async ({ server, person }) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.page.context().clearCookies();
  await one.open(`/rooms/${room}`);
  await expect(one.page).toHaveURL(/#\/login/);
  await one.page.getByLabel('用户名').fill('user1');
  await one.page.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await one.page.keyboard.press('Enter');
  await expect(one.page.getByRole('heading', { name: '技术交流', level: 2 })).toBeVisible();
  await expect(one.composer).toBeFocused();
  await expect(one.page).toHaveTitle('技术交流 · Rill');
  expect(one.page.url().startsWith(server.url)).toBe(true);
});

test('a session that was ended elsewhere asks for a login and keeps the draft', async ({
  server,
  person,
}) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await one.composer.fill('未写完');
  await one.page.waitForTimeout(500);
  const ended = await one.page.request.post(`${server.url}/api/v1/logout`);
  expect(ended.status()).toBe(204);
  await expect(one.page.getByText('登录已失效')).toBeVisible();
  await one.page.getByLabel('用户名').fill('user1');
  await one.page.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await one.page.keyboard.press('Enter');
  await expect(one.composer).toHaveValue('未写完');
});
