export type { Hub, HubEvents, HubOptions, Snapshot } from './api';
export type { ConnectionState } from './connection';
export { HubError } from './errors';
export { createHub } from './hub';
export type { ListOptions } from './inbox';
export type { View } from './list';
export type { Receipt, Refusal } from './marks';
export type * from './types';
