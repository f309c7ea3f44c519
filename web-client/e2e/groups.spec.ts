/** Groups as two and three people live in them: made, joined, run, and left against one's will. */
import type { Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

type Make = (name: string, options?: object) => Promise<Person>;

const details = ({ page }: Person): Locator => page.getByRole('complementary', { name: '会话详情' });

/** Somebody who has made a group that only the invited see, and looks at it. */
async function founder(person: Make, name: string, room: string): Promise<Person> {
  const one = await person(name, { viewport: { width: 1360, height: 860 } });
  await one.register();
  await one.open();
  await one.page.getByRole('button', { name: '新建会话' }).first().click();
  await one.page.getByLabel('房间名称').fill(room);
  await one.page.getByText('仅限邀请', { exact: true }).click();
  await one.page.getByRole('button', { name: '更多选项' }).click();
  await one.page.getByLabel('话题').fill('下一版怎么做');
  await one.page.getByRole('button', { name: '创建', exact: true }).click();
  // Nobody finds it by themselves: so it is asked at once who is to come.
  await expect(one.page.getByRole('dialog', { name: `邀请加入“${room}”` })).toBeVisible();
  await one.page.keyboard.press('Escape');
  await expect(details(one).getByText('下一版怎么做')).toBeVisible();
  return one;
}

/** The address of a new link into the room that somebody looks at. */
async function makeLink(one: Person, uses: string): Promise<string> {
  await details(one).getByRole('button', { name: '邀请链接' }).click();
  const dialog = one.page.getByRole('dialog', { name: '邀请链接' });
  await dialog.getByLabel('可使用的人数').fill(uses);
  await dialog.getByLabel('有效期').selectOption({ label: '1 天' });
  await dialog.getByRole('button', { name: '创建链接' }).click();
  const address = await dialog.getByLabel('加入会话的链接').inputValue();
  await expect(dialog.getByText(`剩余 ${uses} 次，共 ${uses} 次`)).toBeVisible();
  await one.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  return address;
}

/** By a link, logged in already. */
async function comeIn(one: Person, address: string): Promise<void> {
  await one.page.goto(address);
  await one.page.getByRole('dialog', { name: '加入会话' }).getByRole('button', { name: '加入' }).click();
  await expect(one.composer).toBeVisible();
}

/** What stands behind a member's row, and is sure about it. */
async function act(one: Person, member: string, what: string): Promise<void> {
  const row = details(one)
    .getByRole('listitem')
    .filter({ has: one.page.getByRole('button', { name: `对 ${member} 的操作` }) });
  const opener = row.getByRole('button', { name: `对 ${member} 的操作` });
  if ((await opener.getAttribute('aria-expanded')) === 'false') await opener.click();
  const acts = row.getByRole('group', { name: `对 ${member} 的操作` });
  await acts.getByRole('button', { name: what, exact: true }).click();
  // Whoever is put out can come back: that can be taken back for a moment, and is not asked.
  if (what === '移出') return;
  await acts.getByRole('group').getByRole('button', { name: what, exact: true }).click();
}

test('a link into a private group, for who must log in first', async ({ person }, info) => {
  const ann = await founder(person, 'ann', '新版讨论');
  const address = await makeLink(ann, '1');
  await expect(ann.notice('ann 创建了邀请链接')).toBeVisible();

  const bob = await person('bob');
  await bob.register();
  await bob.page.context().clearCookies();
  await bob.page.goto(address);
  await bob.login();
  const dialog = bob.page.getByRole('dialog', { name: '加入会话' });
  await expect(dialog.getByRole('heading', { name: '新版讨论' })).toBeVisible();
  await expect(dialog.getByText('下一版怎么做')).toBeVisible();
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'group-join');
  await dialog.getByRole('button', { name: '加入' }).click();
  await expect(bob.composer).toBeVisible();
  await expect(ann.notice('bob 加入了会话')).toBeVisible();

  const carl = await person('carl');
  await carl.register();
  await carl.page.goto(address);
  await expect(carl.page.getByText('此链接不存在、已用完或已过期')).toBeVisible();
  await carl.page.getByRole('button', { name: '取消' }).click();
  await expect(carl.page.getByRole('heading', { name: '会话', exact: true })).toBeVisible();
});

test('a link that is revoked opens nothing any more', async ({ person }) => {
  const ann = await founder(person, 'ann', '新版讨论');
  const address = await makeLink(ann, '5');
  await details(ann).getByRole('button', { name: '邀请链接' }).click();
  const dialog = ann.page.getByRole('dialog', { name: '邀请链接' });
  await dialog.getByRole('button', { name: '撤销' }).click();
  await dialog.getByRole('group').getByRole('button', { name: '撤销' }).click();
  await expect(dialog.getByText('目前没有可用的链接。')).toBeVisible();
  const bob = await person('bob');
  await bob.register();
  await bob.page.goto(address);
  await expect(bob.page.getByText('此链接不存在、已用完或已过期')).toBeVisible();
});

test('somebody is invited, accepts, and another declines', async ({ person }, info) => {
  const [bob, carl] = [await person('bob'), await person('carl')];
  const ann = await person('ann', { viewport: { width: 1360, height: 860 } });
  for (const one of [ann, bob, carl]) await one.register();
  // They know one another from here.
  const public_ = await ann.makeRoom('大厅');
  await bob.enterRoom(public_);
  await carl.enterRoom(public_);
  await bob.open();
  await carl.open();
  await ann.open();
  await ann.page.getByRole('button', { name: '新建会话' }).first().click();
  await ann.page.getByLabel('房间名称').fill('新版讨论');
  await ann.page.getByText('仅限邀请', { exact: true }).click();
  await ann.page.getByRole('button', { name: '创建', exact: true }).click();
  const dialog = ann.page.getByRole('dialog', { name: '邀请加入“新版讨论”' });
  await dialog.getByRole('button', { name: '邀请 carl' }).click();
  await dialog.getByLabel('姓名').fill('bo');
  await expect(dialog.getByRole('button', { name: '邀请 carl' })).toBeHidden();
  await dialog.getByRole('button', { name: '邀请 bob' }).click();
  await expect(dialog.getByText('已邀请')).toBeVisible();
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'group-invite');
  await ann.page.keyboard.press('Escape');
  await expect(ann.notice('ann 邀请了 bob')).toBeVisible();
  await details(ann).getByRole('button', { name: '已邀请的人' }).click();
  await expect(details(ann).getByRole('button', { name: '撤回对 carl 的邀请' })).toBeVisible();

  const invitations = (one: Person): Locator => one.page.getByRole('region', { name: '邀请' });
  await expect(invitations(bob).getByText('ann 邀请你加入')).toBeVisible();
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'group-invited');
  await invitations(bob).getByRole('button', { name: '接受加入 新版讨论 的邀请' }).click();
  await expect(bob.composer).toBeVisible();
  await expect(invitations(bob)).toBeHidden();
  await expect(ann.notice('bob 加入了会话')).toBeVisible();

  await invitations(carl).getByRole('button', { name: '谢绝加入 新版讨论 的邀请' }).click();
  await expect(invitations(carl)).toBeHidden();
  await expect(ann.notice('carl 谢绝了邀请')).toBeVisible();
  await expect(details(ann).getByText('目前没有待处理的邀请。')).toBeVisible();
});

test('an admin is made, runs the room, and puts somebody out', async ({ person }, info) => {
  const ann = await founder(person, 'ann', '新版讨论');
  const address = await makeLink(ann, '5');
  const wide = { viewport: { width: 1360, height: 860 } };
  const [bob, carl] = [await person('bob', wide), await person('carl', wide)];
  for (const one of [bob, carl]) {
    await one.register();
    await comeIn(one, address);
  }
  // A member runs nothing, and is offered nothing.
  await expect(details(bob).getByText('成员 · 3')).toBeVisible();
  await expect(details(bob).getByText('房主')).toBeVisible();
  for (const name of ['会话设置', '邀请链接', '邀请他人', '已封禁的人'])
    await expect(details(bob).getByRole('button', { name })).toHaveCount(0);

  await act(ann, 'bob', '设为管理员');
  await expect(bob.notice('ann 将 bob 设为管理员')).toBeVisible();
  await expect(details(carl).getByText('管理员')).toBeVisible();
  await shoot(ann.page, info, 'group-details');
  await expectAccessible(ann.page);

  await details(bob).getByRole('button', { name: '会话设置' }).click();
  const settings = bob.page.getByRole('dialog', { name: '会话设置' });
  await expect(settings.getByText('谁可以加入')).toHaveCount(0);
  await settings.getByLabel('话题').fill('只谈发布');
  await settings.getByLabel('慢速模式').selectOption({ label: '10 秒' });
  await shoot(bob.page, info, 'group-settings-admin');
  await settings.getByRole('button', { name: '保存' }).click();
  await expect(settings).toBeHidden();
  await expect(carl.notice('bob 将话题改为“只谈发布”')).toBeVisible();
  await expect(carl.page.getByText('慢速模式：每 10 秒可发送一条消息', { exact: true })).toBeVisible();

  await act(bob, 'carl', '封禁');
  await expect(carl.page.getByRole('heading', { name: 'bob 已将你从“新版讨论”封禁' })).toBeVisible();
  await expect(carl.composer).toBeHidden();
  await expectAccessible(carl.page);
  await shoot(carl.page, info, 'group-banned');
  await carl.page.goto(address);
  await carl.page.getByRole('dialog', { name: '加入会话' }).getByRole('button', { name: '加入' }).click();
  await expect(carl.page.getByText('此房间的管理员已禁止你进入。')).toBeVisible();
  await carl.page.getByRole('button', { name: '取消' }).click();

  await details(ann).getByRole('button', { name: '已封禁的人' }).click();
  await details(ann).getByRole('button', { name: '解除对 carl 的封禁' }).click();
  await expect(details(ann).getByText('没有被封禁的人。')).toBeVisible();
  await comeIn(carl, address);

  await act(ann, 'carl', '移出');
  await expect(carl.page.getByRole('heading', { name: 'ann 已将你移出“新版讨论”' })).toBeVisible();
});

test('the owner hands the room over before they leave it, and an archived one is only read', async ({
  person,
}, info) => {
  const ann = await founder(person, 'ann', '新版讨论');
  const address = await makeLink(ann, '5');
  const bob = await person('bob', { viewport: { width: 1360, height: 860 } });
  await bob.register();
  await comeIn(bob, address);
  await bob.say('还在吗');
  await ann.expectMessage('还在吗');

  await details(ann).getByRole('button', { name: '会话设置' }).click();
  const settings = ann.page.getByRole('dialog', { name: '会话设置' });
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'group-settings');
  await settings.getByRole('button', { name: '归档' }).click();
  await settings.getByRole('group').getByRole('button', { name: '归档' }).click();
  await expect(settings.getByRole('button', { name: '取消归档' })).toBeVisible();
  await expect(bob.page.getByText('此会话已归档，可以阅读，无法发送消息。')).toBeVisible();
  await expect(bob.composer).toBeHidden();
  await bob.expectMessage('还在吗');
  await settings.getByRole('button', { name: '取消归档' }).click();
  await settings.getByRole('group').getByRole('button', { name: '取消归档' }).click();
  // Before that an Escape closes the question alone.
  await expect(settings.getByRole('button', { name: '归档', exact: true })).toBeVisible();
  await ann.page.keyboard.press('Escape');
  await expect(bob.composer).toBeVisible();

  await details(ann).getByRole('button', { name: '离开会话' }).click();
  await expect(ann.page.getByText('你是房主，请先将会话转让给其他成员再离开。')).toBeVisible();
  await ann.page.getByRole('button', { name: '取消' }).click();
  await act(ann, 'bob', '转让会话');
  await expect(bob.notice('ann 将会话转让给 bob')).toBeVisible();
  await details(ann).getByRole('button', { name: '离开会话' }).click();
  await expect(bob.notice('ann 离开了会话')).toBeVisible();
  await expect(ann.page.getByRole('link', { name: '新版讨论' })).toHaveCount(0);
});

test('the owner deletes a room by its name, and whoever looks at it reads so', async ({ person }, info) => {
  const ann = await founder(person, 'ann', '新版讨论');
  const address = await makeLink(ann, '5');
  const wide = { viewport: { width: 1360, height: 860 } };
  const [bob, carl] = [await person('bob', wide), await person('carl')];
  for (const one of [bob, carl]) {
    await one.register();
    await comeIn(one, address);
  }
  await bob.say('还在吗');
  await ann.expectMessage('还在吗');
  const open = async (one: Person): Promise<Locator> => {
    await details(one).getByRole('button', { name: '会话设置' }).click();
    return one.page.getByRole('dialog', { name: '会话设置' });
  };
  await act(ann, 'bob', '设为管理员');
  const runs = await open(bob);
  await expect(runs.getByRole('button', { name: '保存' })).toBeVisible();
  await expect(runs.getByRole('button', { name: '删除会话' })).toHaveCount(0);
  await bob.page.keyboard.press('Escape');
  // One does not look at it.
  await carl.open('/');
  await expect(carl.page.getByText('选择一个会话')).toBeVisible();
  await bob.composer.fill('写到一半');

  const settings = await open(ann);
  await settings.getByRole('button', { name: '删除会话' }).click();
  const field = settings.getByLabel('输入会话名称以确认');
  await expect(field).toBeFocused();
  await field.fill('新版');
  await field.press('Enter');
  await expect(settings.getByText('与会话名称不一致。')).toBeVisible();
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'group-delete');
  await field.fill('新版讨论');
  await field.press('Enter');
  await expect(ann.page.getByRole('heading', { name: '你删除了“新版讨论”' })).toBeVisible();

  await expect(bob.page.getByRole('heading', { name: 'ann 删除了“新版讨论”' })).toBeVisible();
  await expect(bob.page.locator('.box').filter({ hasText: 'ann 删除了' })).toBeFocused();
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'group-deleted');
  for (const one of [ann, bob, carl])
    await expect(one.page.getByRole('link', { name: '新版讨论' })).toHaveCount(0);
  await bob.page.getByRole('link', { name: '返回会话列表' }).click();
  await expect(bob.page.getByText('还没有会话')).toBeVisible();
  // Nothing of it is left to be asked about.
  await bob.page.getByRole('button', { name: '设置', exact: true }).click();
  await bob.page.getByRole('button', { name: '退出登录' }).click();
  await expect(bob.page.getByRole('button', { name: '登录', exact: true })).toBeVisible();
  // Its link leads nowhere.
  await carl.page.goto(address);
  await expect(
    carl.page.getByRole('dialog', { name: '加入会话' }).getByRole('button', { name: '加入' }),
  ).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a group on a phone, ${colorScheme}`, async ({ person }, info) => {
    const ann = await founder(person, 'ann', '新版讨论');
    const address = await makeLink(ann, '5');
    const bob = await person('bob', {
      ...{ colorScheme, viewport: { width: 390, height: 844 } },
      ...{ hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
    });
    await bob.register();
    const { page } = bob;
    await comeIn(bob, address);
    await act(ann, 'bob', '设为管理员');
    await page.getByRole('button', { name: '显示会话详情' }).tap();
    const dialog = page.getByRole('dialog', { name: '会话详情' });
    await expect(dialog.getByText('成员 · 2')).toBeVisible();
    await expect(dialog.getByRole('button', { name: '会话设置' })).toBeVisible();
    await dialog.getByRole('button', { name: '对 bob 的操作' }).tap();
    await dialog.getByRole('button', { name: '已邀请的人' }).tap();
    await expect(dialog.getByText('目前没有待处理的邀请。')).toBeVisible();
    const small = await dialog.getByRole('button').evaluateAll((buttons) =>
      buttons
        .map((button) => [button.textContent, button.getBoundingClientRect()] as const)
        .filter(([, { width, height }]) => width < 44 || height < 44)
        .map(([text]) => text),
    );
    expect(small).toEqual([]);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await shoot(page, info, `phone-group-${colorScheme}`);
    await dialog.getByRole('button', { name: '会话设置' }).tap();
    await expect(page.getByRole('dialog', { name: '会话设置' })).toBeVisible();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await shoot(page, info, `phone-group-settings-${colorScheme}`);
  });
}
