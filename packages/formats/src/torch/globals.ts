import { BUILTIN_GLOBALS } from '../pickle/builtin-globals.ts';
import { countsOf, NUMPY_GLOBALS } from '../pickle/numpy-globals.ts';
import {
  globalTable,
  type PickleContext,
  PickleGlobal,
  type PickleGlobals,
  type PickleValue,
} from '../pickle/values.ts';
import type { ElementType } from '../tensor-values.ts';
import { TorchStorage, TorchTensor, viewOf } from './tensor.ts';

type Arguments = readonly PickleValue[];

const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  bool: 'BOOL',
};

const STORAGES = new Map<string, ElementType>([
  ...Object.entries(STORAGE_TYPES).flatMap(([name, dtype]) =>
    [`torch.${name}`, `torch.cuda.${name}`].map((full): [string, ElementType] => [full, dtype]),
  ),
  // Their lengths are in bytes; tensors on them tell their own type.
  ...['torch.UntypedStorage', 'torch.storage.UntypedStorage', 'torch.storage._UntypedStorage'].map(
    (name): [string, ElementType] => [name, 'U8'],
  ),
]);

const rebuildTensor = ([storage, offset, shape, strides]: Arguments, context: PickleContext) =>
  viewOf(storage, { offset, shape, strides }, context);

/** With the element type of its own, for types that have no storage of theirs. */
function rebuildTypedTensor(args: Arguments, context: PickleContext): TorchTensor {
  const [storage, offset, shape, strides, , , type] = args;
  const name = type instanceof PickleGlobal ? type.name.replace(/^torch\./, '') : '';
  if (!Object.hasOwn(ELEMENT_TYPES, name)) throw context.fail('has a tensor of an unknown type');
  return viewOf(storage, { offset, shape, strides }, context, ELEMENT_TYPES[name]);
}

function rebuildParameter([tensor]: Arguments, context: PickleContext): TorchTensor {
  if (!(tensor instanceof TorchTensor)) throw context.fail('has a parameter that is not a tensor');
  return tensor;
}

const tensorBuilders = {
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_tensor_v3': rebuildTypedTensor,
  'torch._utils._rebuild_parameter': rebuildParameter,
  'torch._utils._rebuild_parameter_with_state': rebuildParameter,
};

/** `(function, type, arguments, state)`: tensors with attributes. */
function rebuildFromType([callee, , args]: Arguments, context: PickleContext): PickleValue {
  const build = callee instanceof PickleGlobal && Object.hasOwn(tensorBuilders, callee.name) && callee.build;
  if (!build || !Array.isArray(args)) throw context.fail('has a tensor of an unknown kind');
  return build(args, context);
}

/** What a PyTorch checkpoint may refer to. */
export const TORCH_GLOBALS: PickleGlobals = new Map([
  ...BUILTIN_GLOBALS,
  ...NUMPY_GLOBALS,
  ...globalTable({
    ...tensorBuilders,
    'torch._tensor._rebuild_from_type_v2': rebuildFromType,
    'torch.Size': ([sizes]: Arguments, context: PickleContext) => countsOf(sizes ?? null, context),
    'torch.device': (args: Arguments, context: PickleContext) => {
      // Lists of lists of one list would make a text without end.
      if (args.some((arg) => typeof arg === 'object')) throw context.fail('has a device that is not a name');
      return args.map(String).join(':');
    },
    ...Object.fromEntries([...STORAGES.keys()].map((name) => [name, undefined])),
    ...Object.fromEntries(Object.keys(ELEMENT_TYPES).map((name) => [`torch.${name}`, undefined])),
    'torch.Tensor': undefined,
    'torch.nn.parameter.Parameter': undefined,
    'torch.nn.parameter.Buffer': undefined,
  }),
]);

/**
 * The storage of a persistent id: `('storage', type, key, location, elements)`, in legacy files with a view of it,
 * `(key, offset, elements)`. Where it was computed does not matter.
 */
export function storageOf(id: PickleValue, context: PickleContext): TorchStorage {
  const [kind, type, key, , elements, view] = Array.isArray(id) ? (id as PickleValue[]) : [];
  if (kind !== 'storage') throw context.fail(`refers to an outside object that is not a storage (${describe(kind)})`);
  const dtype = type instanceof PickleGlobal ? STORAGES.get(type.name) : undefined;
  if (!dtype) throw context.fail(`has a storage of an unknown type (${describe(type)})`);
  const name = typeof key === 'number' ? String(key) : key;
  if (typeof name !== 'string' || !isCount(elements)) throw context.fail('has a storage without name or size');
  if (view === undefined || view === null) return new TorchStorage(name, dtype, 0, elements);
  const [, offset, length] = Array.isArray(view) ? (view as PickleValue[]) : [];
  if (!isCount(offset) || !isCount(length) || offset + length > elements) {
    throw context.fail('has a view that leaves its storage');
  }
  return new TorchStorage(name, dtype, offset, length);
}

const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function describe(value: PickleValue | undefined): string {
  if (value instanceof PickleGlobal) return value.name;
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : typeof value;
}
