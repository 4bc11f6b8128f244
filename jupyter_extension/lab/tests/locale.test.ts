import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const SOURCE = new URL('../src/', import.meta.url);
const LOCALES = new URL('../../locale/', import.meta.url);

/** What the source gives to `__` and `_n`: the first text, by which a catalogue finds it. */
function texts(): Set<string> {
  const calls = /\.(?:__|_n)\(\s*'((?:[^'\\]|\\.)*)'/g;
  const files = readdirSync(SOURCE).map(name => readFileSync(new URL(name, SOURCE), 'utf8'));
  return new Set(files.flatMap(file => [...file.matchAll(calls)].map(match => match[1]!)));
}

const places = (text: string) => [...new Set(text.match(/%\d/g) ?? [])].sort();

describe.each(readdirSync(LOCALES))('the catalogue %s', locale => {
  const path = new URL(`${locale}/LC_MESSAGES/session_migrator.json`, LOCALES);
  const catalogue = JSON.parse(readFileSync(path, 'utf8')) as { [text: string]: string[] };

  it('has a translation of every text, and of no other', () => {
    expect(Object.keys(catalogue).filter(Boolean).sort()).toEqual([...texts()].sort());
  });

  it('keeps the places for values', () => {
    for (const [text, translations] of Object.entries(catalogue).filter(([key]) => key)) {
      translations.forEach(each => expect([text, places(each)]).toEqual([text, places(text)]));
    }
  });
});
