import type { Messages } from './en';

/** 片刻内可以撤销的操作。 */
export const undoWords: Messages['undo'] = {
  label: '刚才的操作',
  undo: '撤销',
  undone: '已撤销。',
  leave: '已离开“{name}”。',
  decline: '已谢绝加入“{name}”的邀请。',
  removeMessage: '消息已删除。',
  changeMember: '已移出 {name}。',
  waits: '{said}连接恢复后生效。',
  failed: '{what}{why}',
  not: {
    leave: '未能离开“{name}”。',
    decline: '未能谢绝加入“{name}”的邀请。',
    removeMessage: '消息未能删除。',
    changeMember: '未能移出 {name}。',
  },
};
