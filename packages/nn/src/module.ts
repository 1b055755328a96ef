import { Parameter } from '@unseen/tensor';

/**
 * A part of a network. Sub-modules and parameters are fields, and `forward` describes the computation against `Ops`.
 * Arrays and plain objects of modules or parameters are searched too.
 */
export abstract class Module {
  /**
   * Every parameter, including running statistics, by its field path: `context.selector.weight`, `stages.0.norm.scale`.
   * A parameter that is reached twice keeps its first name.
   */
  namedParameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    visit(this, '', new Set(), (value, path) => value instanceof Parameter && found.set(path, value));
    return found;
  }

  /** The trainable parameters, which losses may name; without running statistics. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()].filter((parameter) => parameter.trainable);
  }

  /** All modules of a class in this one, including itself: `network.descendants(BatchNorm)`. */
  descendants<T extends Module>(type: abstract new (...args: never[]) => T): T[] {
    const modules: Module[] = [];
    visit(this, '', new Set(), (value) => value instanceof Module && modules.push(value));
    return modules.filter((module): module is T => module instanceof type);
  }

  /** Number of trainable weights. */
  parameterCount(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.values.length, 0);
  }
}

type Visitor = (value: Module | Parameter, path: string) => void;

/** Calls `visitor` once for a module and for each descendant, in the order of the fields. */
function visit(value: unknown, path: string, seen: Set<object>, visitor: Visitor): void {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Module || value instanceof Parameter) visitor(value, path);
  if (value instanceof Module || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    for (const [name, child] of Object.entries(value)) visit(child, path ? `${path}.${name}` : name, seen, visitor);
  }
}
