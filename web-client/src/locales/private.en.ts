/** Words of private chats. */
export const privateWords = {
  write: 'Send a message',
  writeTo: 'Send a message to {name}',
  closedByMe: 'You have blocked {name}. Unblock them to go on writing.',
  switch: 'Go to a chat',
  switchField: 'Search chats and people',
  begin: 'New chat',
  noneFound: 'No chat and nobody is found by that name.',
  wishes: 'What you want of this chat',
} as const;
