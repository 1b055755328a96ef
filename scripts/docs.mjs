// npm run docs [-- PACKAGE... --out DIR]: the API reference of all packages, or of some, as pages in docs/api.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { npm } from './optional-packages.mjs';
import { install, root } from './prepare.mjs';

const TOOLS = join(root, 'scripts/docs');
const { positionals, values } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const known = readdirSync(join(root, 'packages')).sort();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) fail(`there is no package '${unknown.join("', '")}'; expected some of: ${known.join(', ')}`);
const out = resolve(values.out ?? join(root, 'docs/api'));

install();
// TypeDoc calls a TypeScript compiler from JavaScript, which TypeScript 7 does not offer: it has one of its own.
if (!existsSync(join(TOOLS, 'node_modules/typedoc')) && !npm(['ci', '--ignore-scripts', '--prefix', TOOLS])) {
  fail('TypeDoc could not be installed: npm has said why');
}
const { Application } = await import('./docs/node_modules/typedoc/dist/index.js');

const packages = positionals.length > 0 ? positionals : known;
const entryPoints = packages.map((name) => join(root, 'packages', name, 'src/index.ts'));
const app = await Application.bootstrap({
  name: 'unseen',
  readme: join(root, 'docs/architecture.md'),
  entryPoints,
  tsconfig: join(TOOLS, 'tsconfig.json'),
  // The build does that.
  skipErrorChecking: true,
  basePath: root,
  out,
  // Only public members are a promise.
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  includeVersion: true,
  disableSources: true,
  treatValidationWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: false },
});
// No more is compiled than is asked for.
app.options.setCompilerOptions(entryPoints, app.options.getCompilerOptions(app.logger), undefined);
// A comment may name what its file does not import, or what its package keeps to itself: the name is shown without a link.
app.converter.addUnknownSymbolResolver(() => '#');
const project = await app.convert();
if (!project) fail('the sources could not be read: see above');
// A module is called what it is imported as.
const modules = packages.length > 1 ? project.children : [project];
for (const module of modules) module.name = module.name.replace(/^(?:packages\/)?([\w-]+)\/src$/, '@unseen/$1');
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
await app.generateOutputs(project);
process.stderr.write(`${join(out, 'index.html')}\n`);

function fail(message) {
  process.stderr.write(`npm run docs: ${message}\n`);
  process.exit(1);
}
