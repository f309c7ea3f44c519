import type { removingWords as words } from './removing.en';

/** 删除消息与举报。 */
export const removingWords: Record<keyof typeof words, string> = {
  remove: '删除',
  questionOf: '为所有人删除 {name} 的这条消息？删除后无法恢复。',
  report: '举报',
  reportOf: '举报 {name}',
  told: '本服务器的管理员会看到你填写的内容，{name} 不会收到通知。',
  toldMessage: '本服务器的管理员会看到这条消息和你填写的内容，{name} 不会收到通知。',
  reason: '有什么问题？',
  thanks: '谢谢，管理员会查看。',
  reports: '举报处理',
  noReports: '没有待处理的举报。',
  reportedBy: '{name} 举报 {whom}',
  somebody: '已不存在的账号',
  inRoom: '会话：{room}',
  removeReported: '删除消息',
  removeReportedQuestion: '为所有人删除这条消息，并结束这条举报？',
  disableReported: '停用账号',
  disableReportedQuestion: '停用 {name} 并结束这条举报？其所有设备会立即退出登录。',
  closeReport: '结束',
  note: '备注',
  noteHint: '你的判断，供以后查看。可以留空。',
};
