// node --require: packages of HIDDEN_PACKAGES are not found, and those of FAKED_PACKAGES (name=file) are taken from files.
// Names are separated by commas. Functions that Node 23 has no more are gone here too.
const Module = require('node:module');
const util = require('node:util');

const list = (text) => (text ?? '').split(',').filter((part) => part !== '');
const hidden = new Set(list(process.env.HIDDEN_PACKAGES));
const faked = new Map(list(process.env.FAKED_PACKAGES).map((part) => part.split('=')));

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (hidden.has(request)) throw Object.assign(new Error(`no ${request}`), { code: 'MODULE_NOT_FOUND' });
  return faked.get(request) ?? resolveFilename.call(this, request, ...rest);
};
delete util.isNullOrUndefined;
delete util.isArray;
