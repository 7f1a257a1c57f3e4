/** Addresses of every page that an administrator can open, with this job for those that show one. */
export const pages = (job: number): readonly string[] => [
  '',
  'jobs',
  `job/${job}`,
  'submit',
  'workers',
  'worker/1',
  'printers',
  'services',
  'files',
  'doors',
  ...['me', 'pools', 'accounts', 'tokens', 'audit', 'server'].map((part) => `settings/${part}`),
];
