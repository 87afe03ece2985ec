export { LOCK_CHOICES, ZOOM_STEPS } from './bindings';
export { backend, useBackend, type Backend } from './backend';
export { CommandFailure, failureOf } from './failure';
export type * from './types';
