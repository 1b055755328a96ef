import { describe } from 'vitest';
import { conformanceSuite } from '../../tensor/src/conformance.suite.ts';
import { createCompiledEngine } from './engine.ts';

describe('the compiled engine', () => conformanceSuite('onnxruntime', () => createCompiledEngine({ threads: 1 })));
