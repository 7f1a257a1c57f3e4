/**
 * `>` said and `<` heard over HTTP: method, address and body; status, phrase and body. `W>` and `W<`: the socket, which has
 * shown its token. `$T`: the token, `$JOB`: the job as it was submitted. In order of dnaforge §2 and §6.2.
 */
export interface Transcript {
  readonly name: string;
  /** Rows of the tables that it covers. */
  readonly rows: readonly string[];
  /** How the token is asked for. */
  readonly auth?: string;
  readonly lines: readonly string[];
}

const config =
  '{"type":"FileConfig","metadata":{},"createTrajectory":false,"autoExtendStage":false,"maxExtensions":0,"content":"steps = 100"}';
const files = '"top":"1 1 5->3\\nA type=DNA circular=false\\n","dat":"t = 0","forces":""';
const body = `{"metadata":{"title":"Tetra"},"configs":[${config}],${files}}`;
const job = (status: string): string =>
  `{"metadata":{"title":"Tetra"},"id":0,"stages":1,"completedStages":0,"status":"${status}","initialSimSteps":100,"simSteps":100,` +
  '"progress":0,"initialStageSimSteps":[100],"stageSimSteps":[100],"stageProgress":[0],"extensions":[0],"error":null}';
const old = (status: string): string => `{"id":0,"steps":1,"completedSteps":0,"status":"${status}","progress":0,"error":null}`;
const submitted: readonly string[] = [
  `> POST /job ${body}`,
  `< 200 OK ${job('NEW')}`,
  `W< {"type":"JobUpdate","jobId":0,"job":${job('NEW')}}`,
];
const detailed = `{"type":"DetailedUpdate","job":${job('NEW')},"top":"1 1 5->3\\nA type=DNA circular=false\\n","dat":"t = 0"}`;
const oldNew = `{"type":"JobNew","configs":[{"type":"FileConfig","content":"steps = 100"}],${files}}`;

export const transcripts: readonly Transcript[] = [
  {
    name: 'submit, look, list',
    rows: ['GET /auth', 'POST /job', 'GET /job', 'GET /job/:id', 'GET /job/details/:id'],
    lines: [
      '> GET /job',
      '< 200 OK []',
      ...submitted,
      '> GET /job',
      `< 200 OK [${job('NEW')}]`,
      '> GET /job/0',
      `< 200 OK ${job('NEW')}`,
      '> GET /job/1',
      '< 404 There is no such job There is no such job',
      '> GET /job/details/0',
      `< 200 OK {"job":${job('NEW')},${files}}`,
      '> POST /job {"configs":[]}',
      '< 400 top is missing top is missing',
      `> POST /job ${body.replace('steps = 100', 'T = 20C')}`,
      '< 422 Stage 1: steps must be a whole number from 1 on Stage 1: steps must be a whole number from 1 on',
    ],
  },
  {
    name: 'cancel and delete',
    rows: ['PATCH /job/:id', 'DELETE /job/:id'],
    lines: [
      ...submitted,
      '> PATCH /job/0',
      '< 200 OK ',
      `W< {"type":"JobUpdate","jobId":0,"job":${job('CANCELED')}}`,
      '> PATCH /job/0',
      '< 200 OK ',
      '> DELETE /job/0',
      '< 200 OK ',
      'W< {"type":"JobUpdate","jobId":0,"job":null}',
      '> DELETE /job/0',
      '< 404 There is no such job There is no such job',
    ],
  },
  {
    name: 'subscriptions',
    rows: ['GET /job/subscribe', 'POST /job/subscribe/:id', 'DELETE /job/subscribe'],
    lines: [
      ...submitted,
      '> GET /job/subscribe',
      '< 204 No Content ',
      '> POST /job/subscribe/0',
      '< 200 OK ',
      `W< ${detailed}`,
      '> GET /job/subscribe',
      '< 200 OK 0',
      '> DELETE /job/subscribe',
      '< 200 OK ',
      '> DELETE /job/subscribe',
      '< 200 OK ',
      '> GET /job/subscribe',
      '< 204 No Content ',
      '> POST /job/subscribe/7',
      '< 404 There is no such job There is no such job',
    ],
  },
  {
    name: 'options and files: their texts stand in the checklist',
    rows: ['GET /options/available', 'GET /options/default', 'GET /job/download/:id'],
    lines: [
      ...submitted,
      '> GET /options/available',
      '< 200 OK …',
      '> GET /options/default',
      '< 200 OK …',
      '> GET /job/download/0',
      '< 200 OK …',
    ],
  },
  {
    name: 'an old client does all of it over its socket',
    rows: ['JobNew', 'JobCancel', 'JobDelete', 'JobSubscribe'],
    auth: '/auth?protocol=0',
    lines: [
      'W< {"type":"JobList","jobs":[]}',
      `W> ${oldNew}`,
      `W< {"type":"JobUpdate","jobId":0,"job":${old('NEW')}}`,
      'W> {"type":"JobSubscribe","jobId":0}',
      `W< {"type":"DetailedUpdate","job":${old('NEW')},"conf":"t = 0"}`,
      'W> {"type":"JobSubscribe","jobId":null}',
      'W> {"type":"JobSubscribe"}',
      'W> {"type":"JobCancel","jobId":0}',
      `W< {"type":"JobUpdate","jobId":0,"job":${old('CANCELED')}}`,
      'W> {"type":"JobCancel","jobId":5}',
      'W< {"type":"Error","request":"JobCancel","message":"There is no such job"}',
      'W> {"type":"JobDelete","jobId":0}',
      'W< {"type":"JobUpdate","jobId":0,"job":null}',
      'W> {"type":"JobNew"}',
      'W< {"type":"Error","request":"JobNew","message":"configs is missing"}',
    ],
  },
  {
    name: 'the words of the document',
    rows: ['JobNew', 'JobCancel', 'JobDelete', 'JobSubscribe'],
    auth: '/auth?protocol=document',
    lines: [
      'W< {"type":"jobs","jobs":[]}',
      `W> ${oldNew.replace('JobNew', 'new')}`,
      `W< {"type":"update","job_id":0,"job":${old('NEW')}}`,
      'W> {"type":"subscribe","job_id":0}',
      `W< {"type":"detailed_update","job_id":0,"job":${old('NEW')},"conf":"t = 0"}`,
      'W> {"type":"cancel","job_id":0}',
      `W< {"type":"update","job_id":0,"job":${old('CANCELED')}}`,
      'W> {"type":"delete","job_id":0}',
      'W< {"type":"update","job_id":0,"job":null}',
      'W> {"type":"delete","job_id":0}',
      'W< {"type":"error","request":"delete","message":"There is no such job"}',
    ],
  },
];
