import { UserError } from '@unseen/core';
import type { ClassMetrics } from '@unseen/metrics';
import { FIGURES, type LegendEntry, type LogEntry, type MethodMetrics, type RunMetrics } from './run-types.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Validates the content of a metrics file, from a run or from any tool that writes the Metrics shape; `name` is the
 * method name if the file has only one. Anything of another shape is a {@link UserError} that says where.
 */
export function readMetricsFile(value: unknown, path: string, name: string): RunMetrics {
  const file = object(value, path);
  const { methods = { [name]: file }, protocol = {}, warnings = [], seconds, seed } = file;
  const entries = Object.entries(object(methods, `${path}: methods`));
  if (entries.length === 0) throw misfit(`${path}: methods`, 'no entry', 'the metrics of at least one method');
  const texts = Object.entries(object(protocol, `${path}: protocol`)).filter(([, v]) => v !== null && v !== undefined);
  return {
    methods: Object.fromEntries(
      entries.map(([method, metrics]) => [method, readMethod(metrics, `${path}: methods.${method}`)]),
    ),
    protocol: Object.fromEntries(texts.map(([k, v]) => [k, typeof v === 'object' ? JSON.stringify(v) : String(v)])),
    warnings: Array.isArray(warnings) ? warnings.map(String) : [String(warnings)],
    ...(typeof seconds === 'number' ? { seconds } : {}),
    ...(typeof seed === 'number' ? { seed } : {}),
  };
}

function readMethod(value: unknown, where: string): MethodMetrics {
  const metrics = object(value, where);
  for (const figure of FIGURES) {
    if (!isFigure(metrics[figure])) throw misfit(`${where}.${figure}`, metrics[figure], 'a number or null');
  }
  if (!Array.isArray(metrics.perClass)) throw misfit(`${where}.perClass`, metrics.perClass, 'a list of classes');
  const perClass = metrics.perClass.map((row, i) => readClass(row, `${where}.perClass[${i}]`));
  const { confusion } = metrics;
  const square =
    Array.isArray(confusion) &&
    confusion.length === perClass.length &&
    confusion.every((row) => Array.isArray(row) && row.length === perClass.length && row.every(Number.isFinite));
  if (confusion !== undefined && !square) {
    throw misfit(`${where}.confusion`, 'another shape', `${perClass.length} rows of as many pixel counts`);
  }
  const { pixels, predictedUnseen = null, vanilla, unseen } = metrics;
  if (!isFigure(predictedUnseen)) throw misfit(`${where}.predictedUnseen`, predictedUnseen, 'a number or null');
  for (const [name, group] of Object.entries({ unseen, vanilla })) {
    const { PA = null, mIoU = null } = group ? object(group, `${where}.${name}`) : {};
    if (!isFigure(PA) || !isFigure(mIoU)) throw misfit(`${where}.${name}`, group, 'PA and mIoU, numbers or null');
  }
  readTransfer(metrics, where);
  if (pixels !== undefined) {
    const { labelled, outside } = object(pixels, `${where}.pixels`);
    if (typeof labelled !== 'number' || typeof outside !== 'number') {
      throw misfit(`${where}.pixels`, pixels, 'the numbers labelled and outside');
    }
  }
  return { ...(metrics as unknown as MethodMetrics), perClass };
}

/** Control and seen-unseen curve, which may be missing. */
function readTransfer({ control, curve }: Json, where: string): void {
  if (control !== undefined && control !== null) {
    const { unseenMIoU = null, chance = null } = object(control, `${where}.control`);
    if (!isFigure(unseenMIoU) || !isFigure(chance)) {
      throw misfit(`${where}.control`, control, 'unseenMIoU and chance, numbers or null');
    }
  }
  if (curve === undefined || curve === null) return;
  const { points, area, best } = object(curve, `${where}.curve`);
  const numbers = (value: unknown, keys: readonly string[]) => {
    const part = object(value, `${where}.curve`);
    return keys.every((key) => typeof part[key] === 'number');
  };
  const isCurve =
    Array.isArray(points) &&
    points.length > 0 &&
    points.every((point) => numbers(point, ['gamma', 'seenMIoU', 'unseenMIoU'])) &&
    typeof area === 'number' &&
    numbers(best, ['gamma', 'hIoU']);
  if (!isCurve) throw misfit(`${where}.curve`, curve, 'points, area and best');
}

function readClass(value: unknown, where: string): ClassMetrics {
  const row = object(value, where);
  const { id, name, group, iou, accuracy = null, support } = row;
  if (typeof id !== 'number') throw misfit(`${where}.id`, id, 'a number');
  if (typeof name !== 'string') throw misfit(`${where}.name`, name, 'text');
  if (group !== 'seen' && group !== 'unseen') throw misfit(`${where}.group`, group, "'seen' or 'unseen'");
  if (!isFigure(iou)) throw misfit(`${where}.iou`, iou, 'a number or null');
  if (!isFigure(accuracy)) throw misfit(`${where}.accuracy`, accuracy, 'a number or null');
  if (typeof support !== 'number') throw misfit(`${where}.support`, support, 'a number of pixels');
  return { id, name, group, iou, accuracy, support };
}

/** Reads JSON lines; lines that are not log entries (such as one cut short by a kill) are reported by number. */
export function readLog(text: string): { entries: LogEntry[]; unreadable: number[] } {
  const entries: LogEntry[] = [];
  const unreadable: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      entries.push(logEntry(JSON.parse(line)));
    } catch {
      unreadable.push(index + 1);
    }
  }
  return { entries, unreadable };
}

function logEntry(value: unknown): LogEntry {
  const { stage, iteration, losses, rate, time, metrics, warning } = object(value, 'a log line');
  if (typeof stage !== 'string' || typeof iteration !== 'number') throw misfit('a log line', value, 'stage, iteration');
  return {
    stage,
    iteration,
    ...(losses === undefined ? {} : { losses: figures(losses) }),
    ...(typeof rate === 'number' ? { rate } : {}),
    ...(typeof time === 'number' ? { time } : {}),
    ...(metrics === undefined ? {} : { metrics: figures(metrics) }),
    ...(typeof warning === 'string' ? { warning } : {}),
  };
}

/** The numbers (and nulls) of an object; logged metrics may contain more than figures. */
function figures(value: unknown): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(object(value, 'a log line')).filter((entry): entry is [string, number | null] => isFigure(entry[1])),
  );
}

/** Validates the content of `legend.json`. */
export function readLegend(value: unknown): LegendEntry[] {
  if (!Array.isArray(value)) throw misfit('the legend', value, 'a list of classes');
  return value.map((item, i) => {
    const { name, color, group } = object(item, `legend[${i}]`);
    const rgb = Array.isArray(color) && color.length === 3 && color.every((c) => typeof c === 'number');
    if (typeof name !== 'string' || !(typeof color === 'string' || rgb)) {
      throw misfit(`legend[${i}]`, item, 'a name and a colour');
    }
    return { name, color: color as LegendEntry['color'], ...(typeof group === 'string' ? { group } : {}) };
  });
}

function isFigure(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}

function object(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw misfit(where, value, 'an object');
}

function misfit(where: string, given: unknown, expected: string): UserError {
  const text = given === undefined ? 'missing' : typeof given === 'object' ? 'another shape' : String(given);
  return new UserError({ given: `${where}: ${text}`, expected, remedy: 'see the Metrics shape of @unseen/metrics' });
}
