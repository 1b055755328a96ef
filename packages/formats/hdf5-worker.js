// Reads HDF5 in a thread of its own for src/hdf5.ts: on damaged files the library's WebAssembly may abort, and then it
// never works again, or go on without end. Plain JavaScript, since threads are started from the sources in tests.
import { parentPort } from 'node:worker_threads';
import h5wasm from 'h5wasm/node';

const MAX_ENTITIES = 100_000;
const MAX_DEPTH = 32;

const library = await h5wasm.ready;
// Otherwise HDF5 writes its own reports to the standard error and carries on.
library.activate_throwing_error_handler();

parentPort.on('message', ({ path, read }) => {
  let file;
  try {
    file = new h5wasm.File(path, 'r');
    if (read === undefined) {
      parentPort.postMessage({ entities: entitiesOf(file) });
    } else {
      const { value } = file.get(read);
      const values = typeof value === 'number' ? Float64Array.of(value) : value;
      if (!ArrayBuffer.isView(values)) throw new Error(`'${read}' does not hold numbers`);
      parentPort.postMessage({ values }, [values.buffer]);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort.postMessage({ error: message.split('\n')[0], broken: error?.name === 'RuntimeError' });
  } finally {
    try {
      file?.close();
    } catch {
      // Nothing was written, and a damaged file may not even close cleanly.
    }
  }
});
parentPort.postMessage({ ready: true });

function entitiesOf(file) {
  const entities = [];
  const visit = (entity, path, depth) => {
    if (entities.length >= MAX_ENTITIES || depth > MAX_DEPTH) throw new Error('it has groups without end');
    const dataset = entity.type === 'Dataset';
    entities.push({ path, dataset, attributes: attributesOf(entity), ...(dataset ? arrayOf(entity) : {}) });
    if (entity.type !== 'Group') return;
    for (const name of entity.keys()) {
      const child = entity.get(name);
      if (child?.type === 'Group' || child?.type === 'Dataset') visit(child, `${path}/${name}`, depth + 1);
    }
  };
  visit(file, '', 0);
  return entities;
}

function arrayOf({ shape, dtype, metadata }) {
  return { shape: shape ?? null, dtype: String(dtype), itemSize: metadata.size, chunked: Boolean(metadata.chunks) };
}

/** Text, numbers and lists of text. */
function attributesOf({ attrs }) {
  const attributes = [];
  for (const [name, { value }] of Object.entries(attrs)) {
    if (['string', 'number'].includes(typeof value) || Array.isArray(value)) attributes.push([name, value]);
    else if (value === null || (ArrayBuffer.isView(value) && value.length === 0)) attributes.push([name, []]);
  }
  return Object.fromEntries(attributes);
}
