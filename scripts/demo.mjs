// npm run demo [-- --json --seed N --out DIR]: installs and builds what is missing, then runs `unseen demo`.
import { build, install, nodeStep } from './prepare.mjs';

install();
build();
nodeStep('demo', ['packages/cli/bin/unseen.js', 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
