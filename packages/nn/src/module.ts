import { Parameter } from '@unseen/tensor';

/**
 * A part of a network: sub-modules and parameters are fields, `forward` describes the computation against `Ops`.
 * Arrays and plain objects of modules or parameters are followed too.
 */
export abstract class Module {
  /**
   * Every parameter, running statistics included, by its field path: `context.selector.weight`, `stages.0.norm.scale`.
   * A parameter that is reached twice keeps its first name.
   */
  namedParameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    collect(this, '', found, new Set());
    return found;
  }

  /** The trainable parameters: what a loss may name. Running statistics are not among them. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()].filter((parameter) => parameter.trainable);
  }

  /** Number of trainable weights. */
  parameterCount(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.values.length, 0);
  }
}

function collect(value: unknown, path: string, found: Map<string, Parameter>, visited: Set<object>): void {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || visited.has(value)) return;
  if (value instanceof Parameter) {
    visited.add(value);
    found.set(path, value);
  } else if (value instanceof Module || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    visited.add(value);
    for (const [name, child] of Object.entries(value)) collect(child, path ? `${path}.${name}` : name, found, visited);
  }
}
