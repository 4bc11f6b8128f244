// Every page of every user loads this script: it stays small, and asks nobody but its own server.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = 60 * 1024;
const built = join(dirname(dirname(fileURLToPath(import.meta.url))), '..', 'labextension', 'static');
if (!existsSync(built)) {
  console.error('Nothing to measure: run `npm run build:prod` first.');
  process.exit(1);
}
const scripts = readdirSync(built).filter(name => name.endsWith('.js'));
const text = scripts.map(name => readFileSync(join(built, name), 'utf8')).join('\n');
const foreign = (text.match(/https?:\/\/[^\s"'`)\\]+/g) ?? []).filter(url => !url.startsWith('http://www.w3.org/'));
console.log(`${Buffer.byteLength(text)} bytes of minified script in ${scripts.length} files (limit ${LIMIT})`);
if (Buffer.byteLength(text) > LIMIT || foreign.length > 0) {
  console.error(foreign.length > 0 ? `URLs of others in the script: ${foreign}` : 'The script is too big.');
  process.exit(1);
}
