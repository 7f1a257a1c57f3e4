import type { SweepWork } from '../../domain/rows.ts';

/** Asking for the same work again begins it anew instead of doing it twice. */
export function sweepKey(work: SweepWork): string {
  switch (work.kind) {
    case 'children':
      return `children ${work.parentKind} ${work.parent} ${work.tell}`;
    case 'lose':
      return `lose ${work.worker} ${work.session}`;
    case 'members':
      return `members ${work.array}`;
    case 'recheck':
      return work.class === null ? `recheck ${work.job}` : `recheck ${work.job} ${work.class}`;
    default:
      return `${work.kind} ${work.job}`;
  }
}
