import { describe, expect, it } from 'vitest';
import { lookUp, nearestName, UserError } from './errors.ts';

describe('UserError', () => {
  it('says what was given, what was expected and what to do', () => {
    const error = new UserError({ given: 'size 0', expected: 'a positive size', remedy: 'set data.size' });
    expect(error.message).toBe('size 0; expected a positive size; set data.size');
  });
});

describe('lookUp', () => {
  const registry = { resnet101: 1, mobilenet: 2 };

  it('finds an entry', () => {
    expect(lookUp(registry, 'resnet101', 'backbone')).toBe(1);
  });

  it('suggests the nearest name and lists all', () => {
    expect(() => lookUp(registry, 'resnet110', 'backbone')).toThrow(
      "unknown backbone 'resnet110'; expected one of: resnet101, mobilenet; did you mean 'resnet101'?",
    );
  });

  it('does not find inherited names, nor suggest what is far', () => {
    expect(() => lookUp(registry, 'toString', 'backbone')).toThrow(/unknown backbone/);
    expect(nearestName('zzzzzzzzzzzz', Object.keys(registry))).toBeUndefined();
    expect(nearestName('resnet101'.repeat(100_000), Object.keys(registry))).toBeUndefined();
  });
});
