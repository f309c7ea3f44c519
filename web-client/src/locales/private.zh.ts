import type { privateWords as words } from './private.en';

/** 私聊。 */
export const privateWords: Record<keyof typeof words, string> = {
  write: '发消息',
  writeTo: '给 {name} 发消息',
  closedByMe: '你已屏蔽 {name}，取消屏蔽后才能继续聊天。',
  begin: '新私聊',
  wishes: '会话选项',
};
