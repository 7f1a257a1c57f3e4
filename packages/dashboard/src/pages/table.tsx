import type { ComponentType } from 'react';
import type { Route } from '../route.ts';
import { DoorsPage } from './doors.tsx';
import { FilesPage } from './files.tsx';
import { JobPage } from './job/job-page.tsx';
import { JobsPage } from './jobs.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { PrinterPage } from './printers/printer-page.tsx';
import { PrintersPage } from './printers/printers-page.tsx';
import { ServicesPage } from './services/services-page.tsx';
import { SettingsPage } from './settings/settings-page.tsx';
import { SubmitPage } from './submit/submit-page.tsx';
import { WorkerPage } from './worker/worker-page.tsx';
import { WorkersPage } from './workers.tsx';

export interface PageRow {
  /** First part of the address. */
  readonly name: string;
  readonly title: string;
  /** One of these; none: for everybody who is known. */
  readonly rights: readonly string[];
  /** Left out where the server does not have this door. */
  readonly door?: string;
  readonly inMenu: boolean;
  readonly Page: ComponentType<{ route: Route }>;
}

/** Every page there is. */
export const pages: readonly PageRow[] = [
  { name: '', title: 'Overview', rights: ['job:read'], inMenu: true, Page: OverviewPage },
  { name: 'jobs', title: 'Jobs', rights: ['job:read'], inMenu: true, Page: JobsPage },
  { name: 'submit', title: 'Submit', rights: ['job:submit'], inMenu: true, Page: SubmitPage },
  { name: 'job', title: 'Job', rights: ['job:read'], inMenu: false, Page: JobPage },
  { name: 'workers', title: 'Workers', rights: ['worker:read'], inMenu: true, Page: WorkersPage },
  { name: 'worker', title: 'Worker', rights: ['worker:read'], inMenu: false, Page: WorkerPage },
  {
    name: 'printers',
    title: 'Printers',
    rights: ['print', 'worker:read'],
    door: 'printerlynx',
    inMenu: true,
    Page: PrintersPage,
  },
  { name: 'printer', title: 'Printer', rights: ['print', 'worker:read'], door: 'printerlynx', inMenu: false, Page: PrinterPage },
  { name: 'services', title: 'Services', rights: ['worker:read'], door: 'concierge', inMenu: true, Page: ServicesPage },
  { name: 'files', title: 'Files', rights: ['file:read'], inMenu: true, Page: FilesPage },
  { name: 'doors', title: 'Doors', rights: ['worker:read'], inMenu: true, Page: DoorsPage },
  { name: 'settings', title: 'Settings', rights: [], inMenu: true, Page: SettingsPage },
];
