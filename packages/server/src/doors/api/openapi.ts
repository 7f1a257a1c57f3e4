import {
  AccountChange,
  AccountRequest,
  AccountView,
  InvitationRequest,
  InvitationView,
  LoginRequest,
  PresentSession,
  RegisterRequest,
  SessionCreated,
  SessionView,
} from '@switchyard/sdk/account.ts';
import { ArrayView } from '@switchyard/sdk/array.ts';
import { BulkAnswer, Counts, JobPage, JobRequest, JobView } from '@switchyard/sdk/job.ts';
import { JobDetail, MovedView } from '@switchyard/sdk/job-detail.ts';
import { PoolRequest, PoolView } from '@switchyard/sdk/pool.ts';
import { Problem } from '@switchyard/sdk/problem.ts';
import { BulkRequest, CancelRequest, PriorityRequest, TokenRequest } from '@switchyard/sdk/requests.ts';
import { StatsView, WorkerDetail } from '@switchyard/sdk/system.ts';
import { ArtifactView, AttemptView, TaskDetail, TaskPage, TaskView } from '@switchyard/sdk/task.ts';
import { AuditPage, TokenCreated, TokenView } from '@switchyard/sdk/token.ts';
import { WishRequest, WorkerView } from '@switchyard/sdk/worker.ts';
import type { TSchema } from 'typebox';
import type { HttpRow } from '../kit/http-row.ts';
import { isOpen } from './dialect.ts';

/** Schemas that have a name in the document; all others stand where they are used. */
const named: Readonly<Record<string, TSchema>> = {
  InvitationRequest,
  InvitationView,
  LoginRequest,
  PresentSession,
  RegisterRequest,
  SessionCreated,
  SessionView,
  AccountChange,
  AccountRequest,
  AccountView,
  ArrayView,
  ArtifactView,
  AttemptView,
  AuditPage,
  BulkAnswer,
  BulkRequest,
  CancelRequest,
  Counts,
  JobDetail,
  JobPage,
  JobRequest,
  JobView,
  MovedView,
  PoolRequest,
  PoolView,
  PriorityRequest,
  Problem,
  StatsView,
  TaskDetail,
  TaskPage,
  TaskView,
  TokenCreated,
  TokenRequest,
  TokenView,
  WishRequest,
  WorkerDetail,
  WorkerView,
};
const nameOf = new Map(Object.entries(named).map(([name, schema]) => [schema, name]));

type Json = Record<string, unknown>;

/** The description of an HTTP door, made from its rows: a row cannot be forgotten. */
export function openApi(rows: readonly HttpRow[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const row of rows) {
    const path = row.path.replace(/:([A-Za-z0-9_]+)/g, '{$1}').replace('*', '{path}');
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operation(row) };
  }
  const schemas = Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, inside(schema)]));
  return {
    openapi: '3.1.0',
    info: { title: 'Switchyard', version, license: { name: 'MIT', identifier: 'MIT' } },
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
  };
}

function operation(row: HttpRow): Json {
  const open = isOpen(row);
  return {
    operationId: operationId(row),
    summary: row.summary,
    ...(row.tags === undefined ? {} : { tags: row.tags }),
    ...(open ? { security: [] } : {}),
    parameters: [...pathParameters(row), ...queryParameters(row), ...headerParameters(row)],
    ...requestBody(row),
    responses: { ...responses(row), default: { description: 'Refused', content: problem } },
    ...(row.right === null ? {} : { 'x-right': row.right }),
  };
}

/** `GET /v1/jobs/:id/tasks` -> `getJobsIdTasks`. */
function operationId({ method, path }: HttpRow): string {
  const words = path
    .replace(/^\/v1\//, '/')
    .split(/[^A-Za-z0-9*]+/)
    .map((word) => (word === '*' ? 'path' : word));
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const propertiesOf = (schema: TSchema | undefined): Readonly<Record<string, TSchema>> =>
  (schema as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {};

function pathParameters(row: HttpRow): Json[] {
  return Object.entries(propertiesOf(row.params)).map(([name, schema]) => ({
    name: name === '*' ? 'path' : name,
    in: 'path',
    required: true,
    schema: refer(schema),
  }));
}

function queryParameters(row: HttpRow): Json[] {
  return Object.entries(propertiesOf(row.query)).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: refer(schema),
    ...((schema as { type?: string }).type === 'array' ? { style: 'form', explode: false } : {}),
  }));
}

function headerParameters(row: HttpRow): Json[] {
  return Object.entries(row.reads ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
}

function requestBody(row: HttpRow): Json {
  if (row.body !== undefined) return { requestBody: { content: { 'application/json': { schema: refer(row.body) } } } };
  if (row.parser !== 'stream' && row.parser !== 'bytes') return {};
  return { requestBody: { content: { 'application/octet-stream': {} }, required: true } };
}

function responses(row: HttpRow): Json {
  const answers = Object.entries(row.answers ?? { 200: null });
  return Object.fromEntries(
    answers.map(([status, schema]) => [
      status,
      {
        description: descriptions[status] ?? 'Answered',
        ...(schema === null ? {} : { content: { 'application/json': { schema: refer(schema) } } }),
      },
    ]),
  );
}

const descriptions: Readonly<Record<string, string>> = {
  '200': 'Done',
  '201': 'Made',
  '204': 'Done, nothing to say',
  '206': 'A part',
  '416': 'There are no such bytes',
};

/** A named schema by its name, any other as it is with named ones inside referred to. */
function refer(schema: unknown): unknown {
  const name = nameOf.get(schema as TSchema);
  return name === undefined ? inside(schema) : { $ref: `#/components/schemas/${name}` };
}

function inside(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(refer);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, refer(value)]));
}
