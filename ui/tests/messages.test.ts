import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../messages');
const read = (language: string, file: string): Record<string, string> => JSON.parse(readFileSync(join(root, language, file), 'utf8'));
const files = readdirSync(join(root, 'zh-CN')).sort();
// A plural is a list of variants; what it names is named in any of them.
const named = (sentence: unknown): string[] => [...new Set([...JSON.stringify(sentence).matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort();

describe('message catalogues', () => {
  it('are the same files, all of them compiled', () => {
    expect(readdirSync(join(root, 'en')).sort()).toEqual(files);
    const settings = JSON.parse(readFileSync(join(root, '../project.inlang/settings.json'), 'utf8'));
    const compiled = settings['plugin.inlang.messageFormat'].pathPattern.map((path: string) => path.split('/').pop());
    expect([...compiled].sort()).toEqual(files);
  });

  it.each(files)('%s has the same keys in both languages, none empty, naming the same values', (file) => {
    const zh = read('zh-CN', file);
    const en = read('en', file);
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    for (const [key, sentence] of Object.entries(zh)) {
      if (key === '$schema') continue;
      expect(sentence, key).not.toBe('');
      expect(en[key], key).not.toBe('');
      expect(named(en[key] ?? ''), key).toEqual(named(sentence));
    }
  });

  it('no key is in two files', () => {
    const all = files.flatMap((file) => Object.keys(read('zh-CN', file)).filter((key) => key !== '$schema'));
    expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
  });
});
