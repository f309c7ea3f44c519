/** Words of what can be taken back for a moment. */
export const undoWords = {
  label: 'Just done',
  undo: 'Undo',
  undone: 'Taken back.',
  leave: 'You left “{name}”.',
  decline: 'Invitation to “{name}” declined.',
  removeMessage: 'Message removed.',
  changeMember: '{name} was removed.',
  waits: '{said} It counts once you are connected.',
  failed: '{what} {why}',
  not: {
    leave: 'You are still in “{name}”.',
    decline: 'The invitation to “{name}” was not declined.',
    removeMessage: 'The message was not removed.',
    changeMember: '{name} was not removed.',
  },
} as const;
