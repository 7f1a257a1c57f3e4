import Type, { type Static } from 'typebox';
import { closed, Name, Time } from './names.ts';

/** A program that stands for machines of its owner's, such as a printer agent. */
export const AgentView = Type.Object({
  /** A UUID. */
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  createdAt: Time,
});
export type AgentView = Static<typeof AgentView>;

export const AgentList = Type.Object({ agents: Type.Array(AgentView) });
export const AgentCreated = Type.Object({ ...AgentView.properties, token: Type.String() });
export type AgentCreated = Static<typeof AgentCreated>;

export const AgentRequest = Type.Object({ name: Name, description: Type.Optional(Type.String({ maxLength: 500 })) }, closed);
export type AgentRequest = Static<typeof AgentRequest>;
