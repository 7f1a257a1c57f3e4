import { Readable } from 'node:stream';
import { compileCheck } from '@switchyard/sdk/check.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { minutesOf, type SleepSchedule, type Weekday, weekdays } from '../../domain/sleep-schedule.ts';
import { standsOn } from '../kit/credentials.ts';
import { fileAnswer } from '../kit/file-answer.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import type { Answer, RowRequest } from '../kit/http-row.ts';
import { parseJson } from '../kit/read-body.ts';
import { actions } from './actions.ts';
import type { Desk } from './desk.ts';
import { readHexId } from './ids.ts';
import type { KnownWorker } from './known-worker.ts';
import { logAnswer } from './log-answer.ts';
import { ScheduleInfo } from './messages.ts';
import { statusReport } from './report.ts';

/** What the rows for people and scripts do; each behind a token of ours. */
export interface UserHandlers {
  worker(request: RowRequest): { readonly value: KnownWorker } | { readonly refusal: Refusal };
  logfile(request: RowRequest): Promise<Answer>;
  asJson(request: RowRequest): Promise<Answer>;
  workerAction(request: RowRequest): Promise<Answer>;
  setSleepSchedule(request: RowRequest): Promise<Answer>;
  latestImage(request: RowRequest): Promise<Answer>;
  imageWatch(request: RowRequest): Answer;
}

const checkSchedule = compileCheck(ScheduleInfo);
const noLog = refuse('not_found', 'There is no log of such a task').refusal;

export function userHandlers(desk: Desk, refused: (refusal: Refusal) => Answer): UserHandlers {
  const { engine, fleet, settings } = desk;

  return {
    worker({ params }) {
      const worker = fleet.get(readHexId('worker', params.id));
      const malformed = typeof params.id !== 'string' || !/^[0-9a-f]{24}$/.test(params.id);
      if (malformed) return refuse('malformed', 'The id of a worker has 24 hexadecimal digits');
      return worker === null ? refuse('not_found', 'There is no such worker') : { value: worker };
    },

    async logfile({ by, params, headers }) {
      const [job, id] = [readHexId('job', params.job), readHexId('task', params.task)];
      if (job === null || id === null) return refused(noLog);
      const shown = await engine.query.task(by, id);
      if (shown.refusal !== undefined || shown.value.job.id !== job || shown.value.task.attempt === 0) return refused(noLog);
      const at = { task: id, attempt: shown.value.task.attempt, stream: 'out' } as const;
      return logAnswer(engine.logs, by, at, headers['user-agent'] ?? '');
    },

    asJson: async ({ by }) => ({ status: 200, headers: { 'cache-control': 'no-store' }, body: await statusReport(desk, by) }),

    async workerAction({ by, target, body }) {
      const fields = new URLSearchParams(body as string);
      const action = fields.get('action') ?? '';
      const act = Object.hasOwn(actions, action) ? actions[action as keyof typeof actions] : undefined;
      if (act === undefined) {
        return refused(refuse('malformed', `There is no such action; there are: ${Object.keys(actions).join(', ')}`).refusal);
      }
      const done = await act({ desk, by, worker: target as KnownWorker, fields });
      if (done.refusal !== undefined) return refused(done.refusal);
      return done.value === null ? { status: 204 } : { status: 200, body: `${done.value}\n` };
    },

    async setSleepSchedule({ by, target, body }) {
      const parsed = parseJson(body as string);
      if (parsed.refusal !== undefined || body === '') return { status: 406, body: { error: 'The body is not JSON' } };
      const fault = checkSchedule(parsed.value);
      if (fault !== null) return refused(refuse('malformed', `${fault.at} ${fault.text}`).refusal);
      const schedule = scheduleOf(parsed.value as ScheduleInfo, settings.timeZone);
      if (typeof schedule === 'string') return refused(refuse('malformed', schedule).refusal);
      const set = await engine.sleepSchedules.set(by, (target as KnownWorker).id, schedule);
      return set.refusal === undefined ? { status: 204 } : refused(set.refusal);
    },

    async latestImage(request) {
      const found = await engine.images.newest(request.by);
      if (found.refusal !== undefined) return refused(found.refusal);
      const { bytes, modifiedAt, version } = found.value;
      const read = async ({ start, end }: { start: number; end: number }): Promise<Readable> =>
        Readable.from([Buffer.from(bytes.subarray(start, end + 1))]);
      const headers = {
        always: { 'cache-control': 'no-cache' },
        sent: { 'content-type': 'image/jpeg', 'content-security-policy': "sandbox; default-src 'none'" },
      };
      const answer = await fileAnswer({ size: bytes.length, modifiedAt, version, read }, request, headers);
      return answer ?? refused(noLog);
    },

    imageWatch(request) {
      const { by, head } = request;
      const headers = {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      };
      if (head) return { status: 200, headers };
      const entered = desk.life.enter(request.signal, standsOn(request));
      if (entered.refusal !== undefined) return refused(entered.refusal);
      const { signal, leave } = entered.value;
      return { status: 200, headers, body: watch(desk, by, signal, leave) };
    },
  };
}

/** Newest wins: a reader that does not keep up misses pictures in between. */
function watch({ engine, clock, limits }: Desk, by: RowRequest['by'], signal: AbortSignal, leave: () => void): Readable {
  const stream = new Readable({ read() {} });
  const say = (text: string): void => void (stream.readableLength === 0 && stream.push(text));
  const stopBeat = startHeartbeat(clock, limits.heartbeatMs, () => say(':\n\n'));
  const stopImages = engine.images.onShown((job, name) => {
    // Only of jobs that it may see.
    engine.query.job(by, job).then(
      ({ refusal }) => refusal === undefined && say(`event: image\ndata: ${JSON.stringify(name).slice(1, -1)}\n\n`),
      () => {},
    );
  });
  signal.addEventListener('abort', () => stream.push(null), { once: true });
  stream.once('close', () => {
    stopBeat();
    stopImages();
    leave();
  });
  stream.push('event: notification\ndata: watching for images\n\n');
  return stream;
}

/** A text says what is wrong with it. */
function scheduleOf(info: ScheduleInfo, zone: string): SleepSchedule | string {
  const { schedule_active: active, days_of_week: days = '', time_start: start = '', time_end: end = '', time_zone } = info;
  const listed: Weekday[] = [];
  for (const word of days.toLowerCase().split(/\s+/).filter(Boolean)) {
    const day = weekdays.find((one) => one === word.slice(0, 2));
    if (day === undefined) return `${word} is no day of the week`;
    if (!listed.includes(day)) listed.push(day);
  }
  for (const time of [start, end]) {
    if (time !== '' && !/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return `${time} is no time of the day like 18:30`;
  }
  const minutes = (time: string): number | null => minutesOf(time === '' ? null : time);
  return { active, days: listed, start: minutes(start), end: minutes(end), zone: time_zone || zone };
}
