import { roles } from '../../packages/server/src/domain/principal.ts';
import { compile } from '../../packages/server/src/kinds/index.ts';
import { callFor } from '../lib/callers.ts';
import { serveCalls } from '../lib/program.ts';
import type { AddsInput } from '../peers/peer.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';

const by = { ...roles.submitter, id: 'token:bench', name: 'bench', kinds: null };
let open: OpenEngine;

async function submit(n: number): Promise<void> {
  const plan = compile({ kind: 'noop', spec: { n } });
  if (plan.refusal !== undefined) throw new Error(plan.refusal.detail);
  const result = await open.engine.submit(by, plan.value);
  if (result.refusal !== undefined) throw new Error(result.refusal.detail);
}

serveCalls({
  async open({ at }: { at: string }) {
    open = await openEngine(at);
  },
  submit: ({ ms, callers }: AddsInput['submit']) => callFor(ms, callers, submit),
  close: () => open.close(),
});
