import type { ComponentType } from 'react';
import type { Route } from '../route.ts';
import { DoorsPage } from './doors.tsx';
import { JobPage } from './job/job-page.tsx';
import { JobsPage } from './jobs.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { SettingsPage } from './settings/settings-page.tsx';
import { SubmitPage } from './submit/submit-page.tsx';
import { WorkerPage } from './worker.tsx';
import { WorkersPage } from './workers.tsx';

export interface PageRow {
  /** First part of the address. */
  readonly name: string;
  readonly title: string;
  /** Null: for everybody who is known. */
  readonly right: string | null;
  readonly inMenu: boolean;
  readonly Page: ComponentType<{ route: Route }>;
}

/** Every page there is. */
export const pages: readonly PageRow[] = [
  { name: '', title: 'Overview', right: 'job:read', inMenu: true, Page: OverviewPage },
  { name: 'jobs', title: 'Jobs', right: 'job:read', inMenu: true, Page: JobsPage },
  { name: 'submit', title: 'Submit', right: 'job:submit', inMenu: true, Page: SubmitPage },
  { name: 'job', title: 'Job', right: 'job:read', inMenu: false, Page: JobPage },
  { name: 'workers', title: 'Workers', right: 'worker:read', inMenu: true, Page: WorkersPage },
  { name: 'worker', title: 'Worker', right: 'worker:read', inMenu: false, Page: WorkerPage },
  { name: 'doors', title: 'Doors', right: 'worker:read', inMenu: true, Page: DoorsPage },
  { name: 'settings', title: 'Settings', right: null, inMenu: true, Page: SettingsPage },
];
