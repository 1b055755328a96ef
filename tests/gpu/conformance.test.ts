import { describe } from 'vitest';
import { conformanceSuite } from '../../packages/tensor/src/conformance.suite.ts';
import { onWebgpu, webgpuEngine, webgpuProblem } from './webgpu.ts';

// Software needs about a minute for all of it.
const thorough = process.env.UNSEEN_SLOW !== undefined;

describe.skipIf(webgpuProblem !== undefined)(onWebgpu, () => conformanceSuite('webgpu', webgpuEngine, { thorough }));
