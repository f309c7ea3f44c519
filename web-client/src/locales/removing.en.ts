/** Words of removing messages and of reports. */
export const removingWords = {
  remove: 'Remove',
  question: 'Remove this message for everybody? It cannot be brought back.',
  questionOf: 'Remove what {name} wrote, for everybody? It cannot be brought back.',
  report: 'Report',
  reportOf: 'Report {name}',
  told: 'The administrators of this server read it. {name} is not told.',
  toldMessage: 'The administrators of this server read it, with the message. {name} is not told.',
  reason: 'What is wrong?',
  thanks: 'Thank you. An administrator will look at it.',
} as const;
