import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knownVerbs, speak } from '$shared';
import { verbWord } from '../../src/features/audit/verb-words';

const keys = (locale: string, name: string): string[] =>
  Object.keys(JSON.parse(readFileSync(`messages/${locale}/${name}.json`, 'utf8')) as object).sort();

/** Values a message names, so that no language forgets one. */
const named = (locale: string, name: string): Record<string, string[]> => {
  const catalogue = JSON.parse(readFileSync(`messages/${locale}/${name}.json`, 'utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(catalogue).map(([id, text]) => [id, [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort()]),
  );
};

describe.each(['gate', 'changes', 'rollout', 'checklist', 'audit'])('messages of %s', (name) => {
  it('have the same keys in both languages', () => {
    expect(keys('en', name)).toEqual(keys('zh-CN', name));
  });
  it('name the same values in both languages', () => {
    const [zh, en] = [named('zh-CN', name), named('en', name)];
    for (const id of Object.keys(zh)) expect([id, en[id]]).toEqual([id, zh[id]]);
  });
});

describe('ledger verbs', () => {
  it.each(knownVerbs)('%s has a word of its own in both languages', (verb) => {
    for (const language of ['zh-CN', 'en'] as const) {
      speak(language);
      expect(verbWord(verb)).not.toBe(verb);
    }
  });
});
