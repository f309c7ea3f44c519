import type { Messages } from './en';

/** 管理员的操作记录。 */
export const auditWords: Messages['audit'] = {
  title: '操作记录',
  hint: '管理员的操作，最新的在前，任何人都无法更改。',
  none: '还没有任何操作。',
  operator: '服务器运维者',
  act: {
    account_made: '{by} 创建了账号 {whom}',
    account_disabled: '{by} 停用了账号 {whom}',
    account_enabled: '{by} 启用了账号 {whom}',
    password_reset: '{by} 重置了 {whom} 的密码',
    role_given: '{by} 将 {whom} 设为管理员',
    role_taken: '{by} 取消了 {whom} 的管理员身份',
    logins_ended: '{by} 结束了 {whom} 的登录',
    invitation_made: '{by} 创建了一个邀请',
    invitation_revoked: '{by} 撤销了一个邀请',
    avatar_removed: '{by} 移除了 {whom} 的头像',
    message_removed: '{by} 删除了 {whom} 的一条消息',
    report_closed: '{by} 结束了对 {whom} 的举报 {report}',
    room_deleted: '{by} 删除了会话 {room}',
  },
  other: '{by}：{act}',
  now: '现名 {name}',
  message: '{room} 的第 {seq} 条',
  invitation: '邀请 {id}',
  note: '备注：{text}',
  failed: '失败',
  begun: '中断：不确定是否已生效',
};
