#!/usr/bin/env node
// From a project to a component: bundled by esbuild, compiled by componentize-js. What the bundle imports of the contract
// becomes the component's world, so a plugin asks for what it uses and for nothing else.
//
//     node build.mjs [FOLDER] [--out FILE]

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { componentize } from '@bytecodealliance/componentize-js';
import { build } from 'esbuild';

const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
process.chdir(resolve(positionals[0] ?? '.'));
const { name, main } = JSON.parse(await readFile('package.json', 'utf8'));
if (!main) fail('package.json names no `main`\nhint: write "main": "src/plugin.js", the file that exports the plugin');
if (!existsSync(main)) fail(`\`${main}\`, which package.json calls \`main\`, is not there`);
const out = resolve(values.out ?? join('dist', `${name}.wasm`));
const work = resolve('.guesthouse');

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const bundle = join(work, 'plugin.js');
const entry = `import plugin from ${JSON.stringify(`./${relative('.', main)}`)};
export const describe = () => plugin.describe();
export const handle = (event) => plugin.handle(event);`;
const bundled = await build({
  stdin: { contents: entry, resolveDir: process.cwd(), sourcefile: 'guesthouse-entry.js' },
  outfile: bundle, bundle: true, format: 'esm', target: 'es2022', platform: 'neutral', mainFields: ['module', 'main'],
  external: ['guesthouse:*'], metafile: true, logLevel: 'error',
}).catch(() => process.exit(1));

const imports = Object.values(bundled.metafile.outputs).flatMap((output) => output.imports);
const wanted = new Set(imports.map(({ path }) => /^guesthouse:plugin\/([a-z-]+)@/.exec(path)?.[1]).filter(Boolean));
await world(join(work, 'wit'), wanted);
const { component } = await componentize({
  sourcePath: bundle, witPath: join(work, 'wit'), worldName: 'plugin',
  // What these would ask for is not there: time, randomness and the log are the contract's.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
}).catch((error) => fail(`the bundle was not compiled: ${error.message}`));
await mkdir(dirname(out), { recursive: true });
await writeFile(out, component);

/** The contract, with a world that imports what is wanted. */
async function world(folder, wanted) {
  const here = dirname(fileURLToPath(import.meta.url));
  const contract = [join(here, 'wit'), join(here, '..', '..', 'wit')].find(existsSync);
  if (!contract) fail('the SDK lacks its folder `wit`\nhint: install it again');
  await cp(contract, folder, { recursive: true });
  const file = join(folder, 'world.wit');
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => {
    const imported = /^ {2}import ([a-z-]+);$/.exec(line)?.[1];
    return imported === undefined || imported === 'types' || wanted.has(imported);
  });
  await writeFile(file, lines.join('\n'));
}

function fail(reason) {
  console.error(`error: ${reason}`);
  process.exit(1);
}
