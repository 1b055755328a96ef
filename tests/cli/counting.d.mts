import type { Method } from '@unseen/experiment';

export const count: Method;
