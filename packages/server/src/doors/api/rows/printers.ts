import {
  ClearRequest,
  GateRequest,
  MaintenanceRequest,
  PrinterCommandRequest,
  PrinterList,
  PrinterView,
  TagsRequest,
} from '@switchyard/sdk/printer.ts';
import { isEmergencyStop, movesPrinter, refusedCommand } from '@switchyard/sdk/printer-commands.ts';
import type { TSchema } from 'typebox';
import { type Result, refuse } from '../../../domain/errors.ts';
import { may, type Principal } from '../../../domain/principal.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { type ApiRequest, done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { asKeeper, printersOf, printKind } from '../printers.ts';
import { IdParam, NoFields } from '../schemas.ts';

type Act<B> = (by: Principal, id: number, body: B) => Promise<Result<unknown>>;

/** Printers, what they do, and what people say to them. */
export function printerRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  const printers = printersOf(engine);
  const stopNow = (by: Principal, id: number) => engine.urge(asKeeper(by), id, printKind, { command: 'M112' });

  /** Something done to a printer by its keeper; the printer as it is then is answered. */
  function steer<B extends TSchema>(method: 'POST' | 'PUT', verb: string, summary: string, body: B, act: Act<never>): HttpRow {
    return row({
      ...{ method, path: `/v1/printers/:id/${verb}`, summary, right: 'print' as const, tags: ['printers'] },
      ...{ params: IdParam, body, answers: { 200: PrinterView } },
      handle: async ({ by, params, body }: ApiRequest<typeof IdParam, undefined, B>): Promise<Answer> => {
        const keeper = await printers.keeper(by, params.id);
        if (keeper.refusal !== undefined) return refused(keeper.refusal);
        const result = await act(keeper.value, params.id, body as never);
        return result.refusal === undefined ? shown(await printers.show(by, params.id), (view) => view) : refused(result.refusal);
      },
    });
  }

  async function onPrint(id: number, act: (task: number) => Promise<Result<unknown>>): Promise<Result<unknown>> {
    const task = await printers.held(id);
    return task === null ? refuse('wrong_state', 'Nothing is printed there') : act(task.id);
  }

  async function command(by: Principal, id: number, line: string): Promise<Result<unknown>> {
    const text = line.trim();
    if (isEmergencyStop(text)) return stopNow(by, id);
    const role = by.scope === 'all' ? 'admin' : 'user';
    const wrong = refusedCommand(text, role);
    if (wrong !== null) return refuse('invalid', wrong, '/command');
    const live = printers.live(id);
    if (live === null || live.status === 'unavailable') return refuse('worker_unavailable', 'The printer is not there');
    if (live.job !== null && live.job.state !== 'paused' && movesPrinter(text)) {
      return refuse('wrong_state', 'It prints: pause it before it is moved by hand');
    }
    return engine.command(by, 'tell', { worker: id, message: { command: text, role } });
  }

  return [
    row({
      method: 'GET',
      path: '/v1/printers',
      summary: 'Printers with what they do at this moment.',
      // Their owners, and whoever sees workers.
      right: null,
      tags: ['printers'],
      answers: { 200: PrinterList },
      handle: async ({ by }) => {
        if (!may(by, 'print') && !may(by, 'worker:read'))
          return refused(refuse('forbidden', `${by.name} sees no printers`).refusal);
        return ok({ printers: await printers.list(by) });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/printers/:id',
      summary: 'One printer.',
      right: null,
      tags: ['printers'],
      params: IdParam,
      answers: { 200: PrinterView },
      handle: async ({ by, params }) => shown(await printers.show(by, params.id), (view) => view),
    }),
    steer('POST', 'clear', 'Says that the plate is clear (or is not): the next print may be placed on it.', ClearRequest, ((
      by,
      id,
      { clear },
    ) => engine.command(by, 'gate', { worker: id, event: clear === false ? 'close' : 'open' })) satisfies Act<{
      clear?: boolean;
    }>),
    steer('PUT', 'gate', 'Whether it waits after each print until somebody says that the plate is clear.', GateRequest, ((
      by,
      id,
      { enabled },
    ) => engine.command(by, 'gate', { worker: id, event: enabled ? 'fit' : 'remove' })) satisfies Act<{ enabled: boolean }>),
    steer('PUT', 'maintenance', 'In maintenance it takes no prints; what it prints, it prints to the end.', MaintenanceRequest, ((
      by,
      id,
      { on },
    ) => engine.command(by, 'wish', { worker: id, mode: on ? 'asleep' : 'awake', lazy: true })) satisfies Act<{ on: boolean }>),
    steer(
      'PUT',
      'tags',
      'What prints may ask of it, such as `pla`, `material:pla`, `nozzle:0.4`, `volume:250x210x220`.',
      TagsRequest,
      ((by, id, { tags }) => engine.command(by, 'setTags', { worker: id, tags })) satisfies Act<{ tags: string[] }>,
    ),
    steer('POST', 'pause', 'Pauses its print.', NoFields, ((by, id) =>
      onPrint(id, (task) => engine.command(asController(by), 'suspend', { task }))) satisfies Act<unknown>),
    steer('POST', 'resume', 'Goes on with its print.', NoFields, ((by, id) =>
      onPrint(id, (task) => engine.command(asController(by), 'resume', { task }))) satisfies Act<unknown>),
    steer('POST', 'cancel', 'Cancels its print; the heaters go off.', NoFields, ((by, id) =>
      onPrint(id, (task) =>
        engine.command(asController(by), 'stop', { task, goal: 'canceled', reason: 'user', kill: true }),
      )) satisfies Act<unknown>),
    row({
      method: 'POST',
      path: '/v1/printers/:id/stop',
      summary: 'Emergency stop: M112, past every queue, written down afterwards.',
      right: 'print',
      tags: ['printers'],
      params: IdParam,
      body: NoFields,
      answers: { 204: null },
      handle: ({ by, params }) => {
        const stopped = stopNow(by, params.id);
        return stopped.refusal === undefined ? done : refused(stopped.refusal);
      },
    }),
    row({
      method: 'POST',
      path: '/v1/printers/:id/command',
      summary: 'Sends one line of G-code, except what is refused to one of this role.',
      right: 'print',
      tags: ['printers'],
      params: IdParam,
      body: PrinterCommandRequest,
      answers: { 204: null },
      handle: async ({ by, params, body }) => {
        const keeper = await printers.keeper(by, params.id);
        if (keeper.refusal !== undefined) return refused(keeper.refusal);
        const sent = await command(keeper.value, params.id, body.command);
        return sent.refusal === undefined ? done : refused(sent.refusal);
      },
    }),
  ];
}

/** Whoever keeps a printer may end what it prints, whosever job it is. */
const asController = (by: Principal): Principal => ({ ...by, scope: 'all' });
