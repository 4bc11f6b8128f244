// Removes what a build makes.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
for (const path of [join(root, 'lib'), join(root, '..', 'labextension')]) {
  rmSync(path, { recursive: true, force: true });
}
