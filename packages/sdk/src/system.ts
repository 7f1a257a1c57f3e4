import Type, { type Static } from 'typebox';
import { Counts } from './job.ts';
import { Time } from './names.ts';
import { PoolView } from './pool.ts';
import { ArtifactView } from './task.ts';
import { WorkerView } from './worker.ts';

/** Kept totals, never counted: the whole server at a glance. */
export const StatsView = Type.Object({
  version: Type.String(),
  startedAt: Time,
  uptimeMs: Type.Integer(),
  /** All tasks that still exist, by state. */
  tasks: Counts,
  kinds: Type.Record(
    Type.String(),
    Type.Object({ counts: Counts, finishedRuns: Type.Integer(), finishedSeconds: Type.Number() }),
  ),
  workers: Type.Object({ total: Type.Integer(), online: Type.Integer(), busy: Type.Integer() }),
  pools: Type.Array(PoolView),
  /** Number of the newest change. */
  newestChange: Type.Integer(),
});
export type StatsView = Static<typeof StatsView>;

export const DoorView = Type.Object({
  name: Type.String(),
  title: Type.String(),
  connections: Type.Integer(),
  notes: Type.Array(Type.String()),
  figures: Type.Optional(Type.Record(Type.String(), Type.Number())),
});
export type DoorView = Static<typeof DoorView>;
export const DoorList = Type.Object({ doors: Type.Array(DoorView) });
export type DoorList = Static<typeof DoorList>;

export const KindView = Type.Object({ name: Type.String(), summary: Type.String(), schema: Type.Unknown() });
export type KindView = Static<typeof KindView>;
export const KindList = Type.Object({ kinds: Type.Array(KindView) });
export type KindList = Static<typeof KindList>;

export const WhoamiView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  rights: Type.Array(Type.String()),
  scope: Type.String(),
  kinds: Type.Union([Type.Array(Type.String()), Type.Null()]),
});
export type WhoamiView = Static<typeof WhoamiView>;

export const HealthView = Type.Object({ status: Type.String() });
export type HealthView = Static<typeof HealthView>;

export const BlobView = Type.Object({ blob: Type.String(), size: Type.Integer() });
export type BlobView = Static<typeof BlobView>;

export const ArtifactList = Type.Object({ artifacts: Type.Array(ArtifactView) });
export type ArtifactList = Static<typeof ArtifactList>;
export const WorkerList = Type.Object({ workers: Type.Array(WorkerView) });
export type WorkerList = Static<typeof WorkerList>;
export const PoolList = Type.Object({ pools: Type.Array(PoolView) });
export type PoolList = Static<typeof PoolList>;

/** A worker with the tasks that it holds. */
export const WorkerDetail = Type.Object({ ...WorkerView.properties, held: Type.Array(Type.Integer()) });
export type WorkerDetail = Static<typeof WorkerDetail>;

/** Something that answers without a secret. */
export const OpenPartView = Type.Object({
  door: Type.String(),
  name: Type.String(),
  text: Type.String(),
  to: Type.String({ description: 'nobody, this machine, or everybody' }),
  why: Type.String(),
});
export type OpenPartView = Static<typeof OpenPartView>;

/** How the server is set up. */
export const SystemView = Type.Object({
  version: Type.String(),
  startedAt: Time,
  tls: Type.Object({
    on: Type.Boolean(),
    /** Without TLS only this machine is answered. */
    only: Type.Boolean(),
    /** When the certificate ends. */
    expiresAt: Type.Union([Time, Type.Null()]),
  }),
  open: Type.Array(OpenPartView),
});
export type SystemView = Static<typeof SystemView>;

/** An option in effect; secrets are masked. */
export const SettingView = Type.Object({ name: Type.String(), value: Type.String(), origin: Type.String() });
export type SettingView = Static<typeof SettingView>;
export const SettingList = Type.Object({ settings: Type.Array(SettingView) });
export type SettingList = Static<typeof SettingList>;
export const SecretList = Type.Object({ secrets: Type.Array(Type.String()) });
export type SecretList = Static<typeof SecretList>;

/** What happened within one step, and how things stood at its end. */
export const HistoryPointView = Type.Object({
  at: Time,
  started: Type.Integer(),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  running: Type.Integer(),
  waiting: Type.Integer(),
  /** How long tasks waited for their first start; null: none started. */
  startMedianMs: Type.Union([Type.Number(), Type.Null()]),
  startSlowestMs: Type.Union([Type.Number(), Type.Null()]),
});
export type HistoryPointView = Static<typeof HistoryPointView>;
export const HistoryView = Type.Object({ stepMs: Type.Integer(), points: Type.Array(HistoryPointView) });
export type HistoryView = Static<typeof HistoryView>;
