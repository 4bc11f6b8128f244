// Builds the prebuilt extension. The builder wants the package.json of the JupyterLab to build for; ours names the
// oldest versions that we accept instead (our own dependencies), so that one build serves every JupyterLab 4 and Notebook 7.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const core = mkdtempSync(join(tmpdir(), 'core-'));
try {
  const jupyterlab = { singletonPackages: Object.keys(dependencies), buildDir: './build', outputDir: '.' };
  writeFileSync(join(core, 'package.json'), JSON.stringify({ name: 'core', dependencies, jupyterlab }));
  const builder = join(root, 'node_modules', '@jupyterlab', 'builder', 'lib', 'build-labextension.js');
  execFileSync(process.execPath, [builder, '--core-path', core, root], { stdio: 'inherit' });
} finally {
  rmSync(core, { recursive: true });
}
