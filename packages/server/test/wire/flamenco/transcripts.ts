/**
 * One line per step. `>` a request as the real worker writes it: method, address, body; `<` its answer: status, body. `U>` asks with
 * a token. `$1` … stand for what `(…)` in an earlier answer was. `@ 5000`: so many ms pass. `submit`: a task of these commands.
 */
export interface Transcript {
  readonly name: string;
  /** Rows of the table that it shows. */
  readonly rows: readonly string[];
  readonly lines: readonly string[];
}

const S = 'a'.repeat(64);
const registration = `{"secret": "${S}", "platform": "linux", "supported_task_types": ["sleep", "debug"], "nickname": "render-07"}`;
const registered =
  '< 200 {"_id":"(776f726b0000000000000001)","nickname":"render-07","platform":"linux","software":"Flamenco-Worker/2.5","address":"127.0.0.1","status":"starting","status_requested":"","lazy_status_request":false,"supported_task_types":["sleep","debug"],"time_cost":0}';
const register = [`> POST /register-worker ${registration}`, registered];
const task =
  '< 200 {"_id":"(7461736b0000000000000001)","job":"(6a6f62000000000000000001)","name":"7461736b0000000000000001","status":"active","priority":0,"job_priority":0,"job_type":"debug","task_type":"debug","manager":"switchyard","project":"test","user":"token:1","parents":[],"worker":"render-07","commands":[{"name":"echo","settings":{"message":"hello"}}]}';
const begun = [...register, 'submit echo hello', '> POST /task', task];

export const transcripts: readonly Transcript[] = [
  {
    name: 'first start',
    rows: ['POST /register-worker', 'POST /task', 'GET /task'],
    lines: [
      ...register,
      '> POST /task',
      '< 204',
      '> GET /task',
      '< 204',
      `> POST /register-worker ${registration}`,
      registered.replace('"starting"', '"awake"'),
    ],
  },
  {
    name: 'later starts',
    rows: ['POST /sign-on', 'POST /sign-off'],
    lines: [
      ...register,
      '> POST /sign-on {"supported_task_types": ["debug"], "nickname": "render-08"}',
      '< 204',
      '> POST /sign-off',
      '< 204',
      '> POST /sign-on {}',
      '< 204',
      '> POST /task',
      '< 204',
    ],
  },
  {
    name: 'a task',
    rows: ['POST /tasks/:id/update', 'GET /may-i-run/:id', 'GET /logfile/:job/:task'],
    lines: [
      ...begun,
      '> POST /tasks/$2/update {"activity": "Task started", "current_command_idx": 0, "task_progress_percentage": 0, "command_progress_percentage": 0, "metrics": {"timing": {}}, "task_status": "active"}',
      '< 204',
      '> GET /may-i-run/$2',
      '< 200 {"may_keep_running":true}',
      '> POST /tasks/$2/update {"activity": "Task completed", "current_command_idx": 0, "task_progress_percentage": 0, "command_progress_percentage": 100, "metrics": {"timing": {"total": 2.01}}, "task_status": "completed", "log": "2026-11-21T10:00:29.2+00:00: echo: hello"}',
      '< 204',
      '> GET /may-i-run/$2',
      '< 200 {"may_keep_running":false,"reason":"this task is not yours any more"}',
      'U> GET /logfile/$3/$2',
      '< 200 2026-01-01T00:00:00.000000+00:00: Switchyard assigned task $2 to worker render-07\n2026-11-21T10:00:29.2+00:00: echo: hello\n',
      '> POST /tasks/7461736b0000000000000009/update {}',
      '< 404 {"error":"There is no such task"}',
      '> POST /task',
      '< 204',
    ],
  },
  {
    name: 'given back',
    rows: ['POST /tasks/:id/return'],
    lines: [
      ...begun,
      'U> POST /worker-action/$1 action=set-status&status=asleep',
      '< 204',
      '> GET /may-i-run/$2',
      '< 200 {"may_keep_running":false,"reason":"this worker was asked to be asleep","status_requested":"asleep"}',
      '> POST /tasks/$2/update {"log": "2026-11-21T10:00:29.2+00:00: stopped"}',
      '< 204',
      '> POST /tasks/$2/return',
      '< 204',
      '> POST /tasks/$2/return',
      '< 204',
      '> POST /tasks/zzz/return',
      '< 404 {"error":"There is no such task"}',
    ],
  },
  {
    name: 'asleep and awake',
    rows: ['GET /status-change', 'POST /ack-status-change/:status', 'POST /worker-action/:id'],
    lines: [
      ...register,
      '> POST /task',
      '< 204',
      'U> POST /worker-action/$1 action=set-status&status=asleep&lazy=true',
      '< 204',
      '> POST /task',
      '< 423 {"status_requested":"asleep"}',
      '> POST /ack-status-change/asleep',
      '< 204',
      '> GET /status-change',
      '< 204',
      'U> POST /worker-action/$1 action=set-status&status=awake',
      '< 204',
      '> GET /status-change',
      '< 200 {"status_requested":"awake"}',
      '> POST /ack-status-change/awake',
      '< 204',
      '> POST /task',
      '< 204',
      'U> POST /worker-action/$1 action=set-status&status=error',
      '< 400 {"error":"status must be asleep, awake or shutdown","code":"malformed"}',
    ],
  },
  {
    name: 'the farm, and when it sleeps',
    rows: ['GET /as-json', 'POST /set-sleep-schedule/:id'],
    lines: [
      ...begun,
      'U> POST /set-sleep-schedule/$1 {"schedule_active": true, "days_of_week": "mo tu", "time_start": "09:00", "time_end": "17:30"}',
      '< 204',
      'U> GET /as-json',
      '< 200 {"nr_of_workers":1,"nr_of_tasks":1,"upstream_queue_size":0,"version":"0.0.0","workers":[{"_id":"$1","nickname":"render-07","platform":"linux","software":"Flamenco-Worker/2.5","address":"127.0.0.1","status":"awake","status_requested":"","lazy_status_request":false,"supported_task_types":["sleep","debug"],"time_cost":0,"current_task":"$2","current_job":"$3","current_task_status":"active","last_activity":"2026-01-01T00:00:00.000Z","sleep_schedule":{"schedule_active":true,"days_of_week":"mo tu","time_start":"09:00","time_end":"17:30","next_check":"2026-01-05T09:00:00.000Z","time_zone":"UTC"}}],"manager_name":"Test yard","manager_mode":"production","server":{"name":"Test yard","url":"/"}}',
    ],
  },
  {
    name: 'pictures',
    rows: ['POST /output-produced', 'GET /latest-image.jpg', 'GET /imagewatch'],
    lines: [
      ...begun,
      '> POST /output-produced {"paths": ["/render/shot/000101.exr"]}',
      '< 204',
      '> POST /output-produced {"paths": []}',
      '< 422 {"error":"paths is empty"}',
      'U> GET /latest-image.jpg',
      '< 404 {"error":"There is no picture yet","code":"not_found"}',
      'U> HEAD /imagewatch',
      '< 200',
    ],
  },
];
