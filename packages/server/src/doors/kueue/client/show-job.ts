import type { Principal } from '../../../domain/principal.ts';
import type { TaskFacts } from '../../../engine/queries.ts';
import type { Desk } from '../desk.ts';
import { encodeInside } from '../encode.ts';
import { jobInfoOf } from '../translate.ts';
import { faceOf, type ShownFace } from './faces.ts';
import { logText } from './log-text.ts';
import { type Asking, noJob, type Reply } from './reply.ts';

/** Outputs included, for anybody who may read (kueue §3). Streamed: an output is as long as the log's cap lets it be. */
export async function showJob(asking: Asking, { job_id }: { job_id: number }): Promise<Reply> {
  const { desk, by } = asking;
  const face = await faceOf(desk, by, job_id);
  if (face === null) return noJob(job_id);
  const facts = await desk.engine.query.taskDetail(by, job_id);
  if (facts.refusal !== undefined) return noJob(job_id);
  return { pieces: pieces(desk, by, face, facts.value) };
}

async function* pieces(desk: Desk, by: Principal, face: ShownFace, { logs }: TaskFacts): AsyncIterable<string> {
  yield `{"JobInfo":{"job_info":${JSON.stringify(jobInfoOf(face, desk.limits.commandLength))},"stdout_text":`;
  yield* text(desk, by, face, 'out', logs.out);
  yield ',"stderr_text":';
  yield* text(desk, by, face, 'err', logs.err);
  yield '}}';
}

/** An empty stream is null (kueue §2.6). */
async function* text(
  desk: Desk,
  by: Principal,
  { task }: ShownFace,
  stream: 'out' | 'err',
  length: number,
): AsyncIterable<string> {
  if (length === 0 || task.attempt === 0) {
    yield 'null';
    return;
  }
  yield '"';
  for await (const piece of logText(desk, by, { task: task.id, attempt: task.attempt, stream }, length))
    yield encodeInside(piece);
  yield '"';
}
