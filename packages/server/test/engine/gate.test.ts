import { describe, expect, it } from 'vitest';
import { causeText } from '../../src/domain/why-text.ts';
import { compile } from '../../src/kinds/index.ts';
import { does, shell } from './lib/ask.ts';
import { admin, connect, ok, openYard, ourProfile, settle, submit, workerPrincipal, type Yard } from './lib/yard.ts';

const gated = { ...ourProfile, gated: true } as const;
const connectGated = (yard: Yard, name = 'p') => connect(yard, { name, slots: 1, key: name, profile: gated });
const gateOf = async (yard: Yard, worker: number) => ok(await yard.engine.query.worker(admin, worker)).gate;
const word = (yard: Yard, worker: number, event: 'open' | 'close' | 'fit' | 'remove') => does(yard, 'gate', { worker, event });

async function waiting(yard: Yard): Promise<number> {
  const { taskIds } = await submit(yard, { spec: shell() });
  await settle();
  return taskIds[0]!;
}

describe('a worker with a gate', () => {
  it('is new: nothing is placed on it before somebody has looked, and why says so', async () => {
    await using yard = await openYard();
    const printer = await connectGated(yard);
    const task = await waiting(yard);
    expect(printer.got).toEqual([]);
    const [only] = (await does(yard, 'why', { task })).tasks;
    expect(only!.causes.map((cause) => causeText(cause, String))).toEqual([
      'nobody has said yet that it is clear ("switchyard printers clear", or its page): p (worker 1)',
    ]);
    await word(yard, printer.id, 'open');
    await settle();
    expect(printer.got.map((given) => given.task.id)).toEqual([task]);
  });

  it.each(['succeeded', 'failed'] as const)(
    'closes behind a task that %s; the next one waits for the word, also after a restart',
    async (outcome) => {
      await using yard = await openYard();
      let printer = await connectGated(yard);
      await word(yard, printer.id, 'open');
      const first = await waiting(yard);
      const second = await waiting(yard);
      await printer.end(first, outcome);
      await settle();
      expect([await gateOf(yard, printer.id), printer.got.length]).toEqual(['closed', 1]);
      await yard.restart();
      printer = await connectGated(yard);
      await settle();
      expect(printer.got).toEqual([]);
      await word(yard, printer.id, 'open');
      await settle();
      expect(printer.got.map((given) => given.task.id)).toEqual([second]);
    },
  );

  it('closes behind a task that was canceled, and behind one that was lost', async () => {
    await using yard = await openYard();
    const printer = await connectGated(yard);
    await word(yard, printer.id, 'open');
    const task = await waiting(yard);
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
    expect(await gateOf(yard, printer.id)).toBe('open');
    await printer.end(task, 'failed');
    expect(await gateOf(yard, printer.id)).toBe('closed');
    await word(yard, printer.id, 'open');
    await waiting(yard);
    await printer.handle.lost();
    await yard.clock.advance(gated.graceMs);
    await settle();
    expect(await gateOf(yard, printer.id)).toBe('closed');
  });

  it('takes no word while something is under way: it would be about the task before', async () => {
    await using yard = await openYard();
    const printer = await connectGated(yard);
    await word(yard, printer.id, 'open');
    await waiting(yard);
    const early = await yard.engine.command(admin, 'gate', { worker: printer.id, event: 'open' });
    expect(early.refusal).toMatchObject({
      code: 'wrong_state',
      detail: 'p has something under way: say that it is clear when that is over',
    });
  });

  it('lets pass what a person starts there; that counts as the word, and is used up', async () => {
    await using yard = await openYard();
    const printer = await connectGated(yard);
    await settle();
    const plan = ok(compile({ spec: shell(), startOn: printer.id } as never));
    const { started } = ok(await yard.engine.submit(admin, plan));
    expect(started?.task.state.state).toBe('running');
    expect(await gateOf(yard, printer.id)).toBe('open');
    await printer.end(started!.task.id);
    expect(await gateOf(yard, printer.id)).toBe('closed');
  });

  it('may lose its gate, and be closed by hand', async () => {
    await using yard = await openYard();
    const printer = await connectGated(yard);
    await word(yard, printer.id, 'remove');
    const first = await waiting(yard);
    const second = await waiting(yard);
    await printer.end(first);
    await settle();
    expect(printer.got.map((given) => given.task.id)).toEqual([first, second]);
    await printer.end(second);
    await word(yard, printer.id, 'fit');
    expect(await gateOf(yard, printer.id)).toBe('closed');
    await word(yard, printer.id, 'open');
    await word(yard, printer.id, 'close');
    await waiting(yard);
    expect(printer.got.length).toBe(2);
  });

  it('drops an offer that is accepted when it has closed meanwhile', async () => {
    await using yard = await openYard();
    const printer = await connect(yard, { name: 'p', slots: 1, key: 'p', profile: gated, onlyOffers: true });
    await word(yard, printer.id, 'open');
    const task = await waiting(yard);
    expect(printer.offered.map((given) => given.task.id)).toEqual([task]);
    await word(yard, printer.id, 'close');
    const taken = await yard.engine.command(workerPrincipal, 'accept', { task, session: printer.session });
    expect(taken.refusal?.code).toBe('void_offer');
    await word(yard, printer.id, 'open');
    await settle();
    expect(printer.offered.map((given) => given.task.id)).toEqual([task, task]);
  });

  it('tags set by hand stay over sign-ons and let go what waited for them', async () => {
    await using yard = await openYard();
    const printer = await connect(yard, { name: 'p', slots: 1, key: 'p' });
    const { taskIds } = await submit(yard, { spec: shell({ needs: { tags: ['pla'] } }) });
    await settle();
    expect(printer.got).toEqual([]);
    await does(yard, 'setTags', { worker: printer.id, tags: ['pla', 'files', 'pla'] });
    await settle();
    expect(printer.got.map((given) => given.task.id)).toEqual([...taskIds]);
    expect(ok(await yard.engine.query.worker(admin, printer.id)).tags).toEqual(['files', 'pla']);
  });
});

describe('a pool that is taken from only where there is one', () => {
  const heats = async (yard: Yard) => {
    const plan = ok(compile({ spec: shell() } as never));
    const tasks = plan.tasks.map((task) => ({ ...task, pools: { 'heating?': 1 } }));
    const { taskIds } = ok(await yard.engine.submit(admin, { ...plan, tasks }));
    await settle();
    return taskIds[0]!;
  };

  it('holds back nothing before it is made, and lets the next one go when it is given back early', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    await heats(yard);
    expect(worker.got.length).toBe(1);
    await does(yard, 'setPool', { name: 'heating', total: 1 });
    const first = await heats(yard);
    const second = await heats(yard);
    expect(worker.got.map((given) => given.task.id)).toContain(first);
    expect(worker.got.map((given) => given.task.id)).not.toContain(second);
    const [only] = (await does(yard, 'why', { task: second })).tasks;
    expect(only!.causes.map((cause) => causeText(cause, String))).toEqual(['it needs 1 of pool heating; 1 of 1 are in use']);
    ok(
      await yard.engine.command(workerPrincipal, 'releasePool', {
        task: first,
        session: worker.session,
        attempt: 1,
        pool: 'heating',
      }),
    );
    await settle();
    expect(worker.got.map((given) => given.task.id)).toContain(second);
    await worker.end(first);
    expect(await yard.engine.query.pools(admin)).toEqual([{ name: 'heating', total: 1, used: 1 }]);
  });
});

describe('work for the workers of whoever submits it', () => {
  const own = async (yard: Yard, by: Parameters<typeof submit>[2]) => {
    const plan = ok(compile({ spec: shell() } as never));
    const tasks = plan.tasks.map((task) => ({ ...task, tags: ['owner:?'] }));
    const { taskIds } = ok(await yard.engine.submit(by!, { ...plan, tasks }));
    await settle();
    return taskIds[0]!;
  };

  it('goes to nobody else by one who may see no others, and to anybody by one who may', async () => {
    await using yard = await openYard();
    const ada = { ...workerPrincipal, id: 'user:ada', name: 'ada' };
    const worker = await connect(yard, { slots: 9, by: ada });
    const rights = ['job:submit', 'job:read'] as const;
    await own(yard, { ...ada, id: 'user:bob', rights });
    expect(worker.got).toEqual([]);
    const hers = await own(yard, { ...ada, rights });
    const anybodys = await own(yard, admin);
    expect(worker.got.map((given) => given.task.id)).toEqual([hers, anybodys]);
  });
});
