export type { ConnectionState } from './connection';
export { HubError } from './errors';
export { createHub, type Hub, type HubEvents, type HubOptions, type Snapshot } from './hub';
export type { ListOptions } from './inbox';
export type { View } from './list';
export type { Receipt, Refusal } from './marks';
export type * from './types';
