/** Messages that go, and what administrators are told of: as two people live it. */
import type { BrowserContextOptions, Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import { pair } from './pair';
import { pictureFile } from './picture_file';

const GONE = '此消息已删除';
const WIDE = { viewport: { width: 1360, height: 860 } };
const preview = ({ page }: Person): Locator =>
  page.getByRole('navigation', { name: '我的会话' }).getByRole('link').first();

/** What the menu of a message offers. */
async function choose(one: Person, message: Locator, what: string): Promise<void> {
  await message.hover();
  await message.getByRole('button', { name: '这条消息的更多操作' }).click();
  await one.page.getByRole('menuitem', { name: what, exact: true }).click();
}

/** One's own, and does not want it back. */
async function removeOwn(one: Person, message: Locator): Promise<void> {
  await choose(one, message, '删除');
  const undo = one.page.getByRole('region', { name: '刚才的操作' });
  await expect(undo.getByRole('button', { name: '撤销' })).toBeVisible();
  await undo.getByRole('button', { name: '关闭' }).click();
  await expect(undo.getByRole('button')).toHaveCount(0);
}

/** What others wrote, and is sure about it. */
async function remove(one: Person, message: Locator): Promise<void> {
  await choose(one, message, '删除');
  await message.getByRole('group').getByRole('button', { name: '删除' }).click();
}

interface Told {
  reports: {
    reporter: { name: string };
    user: { name: string };
    reason: string;
    quote: { text: string } | null;
    message: { seq: number } | null;
  }[];
}

async function openReports(administrator: Person): Promise<Told['reports']> {
  const address = new URL('/api/v1/admin/reports', administrator.page.url()).href;
  const answer = await administrator.page.request.get(address);
  expect(answer.status()).toBe(200);
  return ((await answer.json()) as Told).reports;
}

test('one’s own message is removed for everybody, on every device, and stays so', async ({
  person,
}, info) => {
  const { one, two, room } = await pair(person, WIDE);
  await two.say('保留这一句');
  await two.say('说错了，收回');
  await one.expectMessage('说错了，收回');
  await expect(preview(one)).toContainText('说错了，收回');

  // Removed, taken back by the keys, and the other has seen nothing of it.
  const wrong = two.message('说错了，收回');
  await choose(two, wrong, '删除');
  await expect(two.message(GONE)).toHaveCount(1);
  await expect(preview(two)).toContainText(GONE);
  await expect(two.page.getByRole('log')).toBeFocused();
  await expectAccessible(two.page);
  await shoot(two.page, info, 'remove-undo');
  await two.page.keyboard.press('Control+z');
  await expect(wrong).toHaveCount(1);
  await expect(two.message(GONE)).toHaveCount(0);
  await one.expectMessage('说错了，收回');

  await removeOwn(two, wrong);
  for (const each of [one, two]) {
    await expect(each.message(GONE)).toHaveCount(1);
    await expect(each.page.getByText('说错了，收回')).toHaveCount(0);
    await expect(preview(each)).toContainText(GONE);
    await each.expectMessage('保留这一句');
  }
  await expectAccessible(one.page);
  await shoot(one.page, info, 'removed');

  // Who comes later reads the same.
  await one.page.reload();
  await expect(one.message(GONE)).toHaveCount(1);
  await expect(one.page.getByText('说错了，收回')).toHaveCount(0);
  await one.post(room, ['之后的消息']);
  await two.expectMessage('之后的消息');
});

test('who runs the group removes what others wrote, and nobody else does', async ({ person }) => {
  const { one, two } = await pair(person, WIDE);
  await two.say('广告，快来看');
  await one.say('请不要发广告');
  const theirs = two.message('请不要发广告');
  await theirs.hover();
  await theirs.getByRole('button', { name: '这条消息的更多操作' }).click();
  await expect(two.page.getByRole('menuitem', { name: '举报' })).toBeVisible();
  await expect(two.page.getByRole('menuitem', { name: '删除' })).toHaveCount(0);
  await two.page.keyboard.press('Escape');
  await remove(one, one.message('广告，快来看'));
  for (const each of [one, two]) {
    await expect(each.message(GONE)).toHaveCount(1);
    await expect(each.page.getByText('广告，快来看')).toHaveCount(0);
  }
});

test('a picture that is removed is shown nowhere any more', async ({ person }, info) => {
  const { one, two } = await pair(person, WIDE);
  const name = '风景.png';
  const file = { name, mimeType: 'image/png', buffer: pictureFile(640, 420) };
  await two.page.locator('form.composer input[type=file]').setInputFiles(file);
  await two.composer.press('Enter');
  const details = one.page.getByRole('complementary', { name: '会话详情' });
  const shared = details.getByRole('button', { name: `查看 ${name}` });
  await expect(shared).toBeVisible();
  await shared.click();
  const lightbox = one.page.getByRole('dialog', { name: `查看 ${name}` });
  await expect(lightbox.locator('img')).toBeVisible();

  await removeOwn(two, two.page.getByRole('log').locator('article').last());
  await expect(lightbox).toBeHidden();
  await expect(shared).toHaveCount(0);
  for (const each of [one, two]) {
    await expect(each.message(GONE)).toHaveCount(1);
    await expect(each.page.getByRole('log').locator('img.picture, .bubble img')).toHaveCount(0);
  }
  await expectAccessible(one.page);
  await shoot(one.page, info, 'removed-picture');
});

test('a message and a person are reported, and only the administrators hear of it', async ({
  person,
}, info) => {
  // The first account of a server is its administrator's.
  const { one, two } = await pair(person, WIDE);
  await one.say('很不友善的话');
  await choose(two, two.message('很不友善的话'), '举报');
  const dialog = two.page.getByRole('dialog', { name: '举报 林泓宇' });
  const reason = dialog.getByLabel('有什么问题？');
  await expect(reason).toBeFocused();
  await dialog.getByRole('button', { name: '举报' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expectAccessible(two.page);
  await reason.fill('骂人');
  await shoot(two.page, info, 'report');
  await dialog.getByRole('button', { name: '举报' }).click();
  await expect(dialog.getByRole('status')).toHaveText('谢谢，管理员会查看。');
  await expectAccessible(two.page);
  await dialog.getByRole('button', { name: '关闭' }).last().click();
  await expect(dialog).toBeHidden();

  await two.message('很不友善的话').getByRole('button', { name: '林泓宇' }).click();
  const profile = two.page.getByRole('dialog', { name: '个人资料' });
  await profile.getByRole('button', { name: '举报' }).click();
  await reason.fill('冒充他人');
  await reason.press('Tab');
  await dialog.getByRole('button', { name: '举报' }).click();
  await expect(dialog.getByRole('status')).toBeVisible();
  await two.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(profile).toBeVisible();

  const told = await openReports(one);
  expect(told).toMatchObject([
    { reporter: { name: '方琳涵' }, user: { name: '林泓宇' }, reason: '骂人' },
    { reporter: { name: '方琳涵' }, user: { name: '林泓宇' }, reason: '冒充他人', message: null },
  ]);
  expect(told[0]?.quote?.text).toBe('很不友善的话');
});

test('an administrator looks at what was reported, and acts on it', async ({ person }, info) => {
  const { one, two } = await pair(person, WIDE);
  await two.say('加我看好货');
  // Whoever is shown by another name is the same account.
  const card = await two.openSettings('个人资料');
  await card.getByLabel('显示名称').fill('优惠客服');
  await card.getByRole('button', { name: '保存' }).click();
  await expect(card).toBeHidden();
  await choose(one, one.message('加我看好货'), '举报');
  const dialog = one.page.getByRole('dialog', { name: '举报 优惠客服' });
  await dialog.getByLabel('有什么问题？').fill('广告');
  await dialog.getByRole('button', { name: '举报' }).click();
  await expect(dialog.getByRole('status')).toBeVisible();
  await one.page.keyboard.press('Escape');
  await one.page.getByRole('button', { name: '优惠客服' }).first().click();
  const profile = one.page.getByRole('dialog', { name: '个人资料' });
  await profile.getByRole('button', { name: '举报' }).click();
  await dialog.getByLabel('有什么问题？').fill('还会再来');
  await dialog.getByRole('button', { name: '举报' }).click();
  await expect(dialog.getByRole('status')).toBeVisible();
  await one.page.keyboard.press('Escape');
  await one.page.keyboard.press('Escape');
  await expect(profile).toBeHidden();

  const desk = await one.openSettings('举报处理');
  const said = desk.getByRole('listitem').filter({ hasText: '加我看好货' });
  await expect(said).toContainText('林泓宇 举报 优惠客服');
  await expect(said).toContainText('广告');
  await expect(desk.getByRole('listitem')).toHaveCount(2);
  await expectAccessible(one.page);
  await shoot(one.page, info, 'reports');
  await said.getByRole('button', { name: '删除消息' }).click();
  await said.getByRole('group').getByRole('button', { name: '删除消息' }).click();
  await expect(said).toHaveCount(0);
  await expect(two.message(GONE)).toHaveCount(1);
  await expect(two.page.getByText('加我看好货')).toHaveCount(0);

  const again = desk.getByRole('listitem').filter({ hasText: '还会再来' });
  await again.getByLabel('备注').fill('第二次');
  await again.getByRole('button', { name: '停用账号' }).click();
  await again.getByRole('group').getByRole('button', { name: '停用账号' }).click();
  await expect(desk.getByText('没有待处理的举报。')).toBeVisible();
  await expect(two.page.getByRole('button', { name: '登录', exact: true })).toBeVisible();
  expect(await openReports(one)).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`removing and reporting on a phone, 320 px, ${colorScheme}`, async ({ person }, info) => {
    const phone = { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    const look: BrowserContextOptions = { colorScheme, viewport: { width: 320, height: 720 }, ...phone };
    const one = await person('林泓宇', look);
    await one.register();
    const two = await person('方琳涵');
    await two.register();
    const room = await one.makeRoom('产品设计组');
    await two.enterRoom(room);
    await two.open(`/rooms/${room}`);
    await two.say('一条不该留在这里的消息');
    await one.open(`/rooms/${room}`);
    await expect(one.page.getByText('2 在线')).toBeVisible();
    const check = async (what: string): Promise<void> => {
      await expectNoSidewaysScroll(one.page);
      await expectAccessible(one.page);
      await shoot(one.page, info, `${what}-${colorScheme}`);
    };
    const touch = await one.page.context().newCDPSession(one.page);
    // A finger that stays on the message, and whose lift presses nothing of what came up under it.
    const hold = async (message: Locator, what: string): Promise<void> => {
      const bubble = message.locator('.bubble');
      await bubble.click({ trial: true });
      const box = (await bubble.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
      const item = one.page.getByRole('menuitem', { name: what, exact: true });
      await expect(item).toBeVisible();
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await item.tap();
    };
    const theirs = one.message('一条不该留在这里的消息');
    await hold(theirs, '举报');
    const dialog = one.page.getByRole('dialog', { name: '举报 方琳涵' });
    await expect(dialog.getByLabel('有什么问题？')).toBeVisible();
    await check('phone-report');
    await one.page.keyboard.press('Escape');
    await hold(theirs, '删除');
    await expect(theirs.getByRole('group')).toBeVisible();
    await check('phone-remove-question');
    await theirs.getByRole('group').getByRole('button', { name: '删除' }).tap();
    await expect(one.message(GONE)).toBeVisible();
    await check('phone-removed');
  });
}
