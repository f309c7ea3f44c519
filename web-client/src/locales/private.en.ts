/** Words of private chats. */
export const privateWords = {
  write: 'Send a message',
  writeTo: 'Send a message to {name}',
  closedByMe: 'You have blocked {name}. Unblock them to go on writing.',
  begin: 'New chat',
  wishes: 'What you want of this chat',
} as const;
