import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { render } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import type { FailureCode, ReasonCode, ReasonView, RefusalCode } from '../src/ipc';
import { FailureNote, account, knownVerbs, named, refusalSentence, speak, verbSentence } from '../src/shared';
import { failures, refusals } from '../src/shared/failures';
import { contextRefusals, expectations, fields, phrases, problems, things } from '../src/shared/phrases';
import { reasonSentences } from '../src/shared/reasons';

const codes = Object.keys(failures) as FailureCode[];
const rules = Object.keys(refusals) as RefusalCode[];
const languages = ['zh-CN', 'en'] as const;
const contract = (file: string) => readFileSync(join(import.meta.dirname, '../../src-tauri/crates/contract', file), 'utf8');
const variants = (source: string, name: string): string[] => {
  const body = source.slice(source.indexOf(`pub enum ${name} {`)).split('\n}')[0] ?? '';
  return [...body.matchAll(/^ {4}(\w+),$/gm)].map((match) => `${match[1]?.charAt(0).toLowerCase()}${match[1]?.slice(1)}`);
};

afterEach(() => speak('zh-CN'));

describe('what is said of failures', () => {
  it('covers exactly the codes of the contract', () => {
    expect([...codes].sort()).toEqual(variants(contract('src/failure.rs'), 'FailureCode').sort());
    expect([...rules].sort()).toEqual(variants(contract('src/gate.rs'), 'RefusalCode').sort());
  });

  it.each(languages.flatMap((language) => codes.map((code) => [language, code] as const)))('%s %s has three sentences', (language, code) => {
    speak(language);
    const { container } = render(FailureNote, { failure: { code, params: {}, reasons: [], detail: 'raw <b>detail</b>' } });
    const said = account({ code, params: {}, reasons: [], detail: null });
    for (const sentence of Object.values(said)) {
      expect(sentence.length).toBeGreaterThan(3);
      expect(sentence).not.toMatch(/undefined|\{|failure_/);
      expect(container.textContent).toContain(sentence);
      if (language === 'zh-CN') expect(sentence).toMatch(/\p{Script=Han}/u);
      else expect(sentence).not.toMatch(/\p{Script=Han}/u);
    }
    expect(container.querySelector('details')?.open).toBe(false);
    expect(container.querySelector('b')).toBeNull();
  });

  it.each(languages)('%s: every rule has its sentence, also inside a refusal', (language) => {
    speak(language);
    for (const code of rules) {
      const sentence = refusalSentence({ code, params: {} });
      expect(sentence).not.toMatch(/undefined|refusal_/);
      expect(account({ code: 'refused', params: { refusal: code }, reasons: [], detail: null }).happened).toBe(sentence);
    }
  });

  it('covers exactly the phrases of the contract, and says them in both languages', () => {
    const file = contract('src/phrases.rs');
    expect(Object.keys(problems).sort()).toEqual(variants(file, 'Problem').sort());
    expect(Object.keys(expectations).sort()).toEqual(variants(file, 'Expected').sort());
    expect(Object.keys(things).sort()).toEqual(variants(file, 'Thing').sort());
    expect(Object.keys(fields).sort()).toEqual(variants(file, 'Field').sort());
    expect(Object.keys(contextRefusals).sort()).toEqual(variants(contract('src/clusters.rs'), 'ContextRefusal').sort());
    for (const language of languages) {
      speak(language);
      for (const [name, all] of Object.entries(phrases)) {
        for (const code of Object.keys(all)) {
          const said = named({ [name]: code })[name] ?? '';
          expect(said, code).not.toMatch(/undefined|\{|_/);
          if (language === 'zh-CN') expect(said, code).toMatch(/\p{Script=Han}|\d/u);
          else expect(said, code).not.toMatch(/\p{Script=Han}/u);
        }
      }
    }
    const failed = { code: 'pluginFailed', params: { command: '/x', problem: 'commandExited', code: '7' }, reasons: [] as ReasonView[], detail: null } as const;
    expect(account(failed).happened).toBe('The credential plugin /x returned no credential: the command exited with code 7.');
    const wrong = { code: 'workspaceInvalid', params: { file: 'pilothouse.yaml', line: '3', column: '1', expectation: 'somebodyWho', role: 'verifier' }, reasons: [] as ReasonView[], detail: null } as const;
    expect(account(wrong).happened).toBe('pilothouse.yaml, line 3, column 1 is not valid. Expected: at least one person with the role "Verifier".');
    speak('zh-CN');
    expect(account(wrong).happened).toBe('工作区文件 pilothouse.yaml 第 3 行第 1 列有误。要求：至少有一个人是验证人。');
    // A value that is no code is said as it is, and what every object has is no phrase.
    expect(named({ problem: 'constructor' })['problem']).toBe('constructor');
  });

  it('covers exactly the reasons of the contract, and says them in both languages', () => {
    const all = variants(contract('src/reasons.rs'), 'ReasonCode') as ReasonCode[];
    expect(Object.keys(reasonSentences).sort()).toEqual([...all].sort());
    for (const language of languages) {
      speak(language);
      for (const code of all.filter((one) => one !== 'said')) {
        const reasons = [{ code, object: null, params: {} }];
        const said = account({ code: 'wayBackFailed', params: {}, reasons, detail: null }).happened;
        const without = account({ code: 'wayBackFailed', params: { reason: '' }, reasons: [], detail: null }).happened;
        const own = said.slice(without.indexOf('—'));
        expect(own.length, code).toBeGreaterThan(3);
        expect(own, code).not.toMatch(/undefined|\{|_/);
        if (language === 'zh-CN') expect(own, code).toMatch(/\p{Script=Han}|^Pod /u);
        else expect(own, code).not.toMatch(/\p{Script=Han}/u);
      }
    }
  });

  it.each(languages)('%s: offers to take back what was written only where something was', (language) => {
    speak(language);
    const next = (written: string) => account({ code: 'changeRefused', params: { written, planned: '2' }, reasons: [], detail: null }).next;
    expect(next('1').startsWith(next('0'))).toBe(true);
    expect(next('1').length).toBeGreaterThan(next('0').length + 5);
  });

  it('says to look again where somebody else had a hand in a rollout', () => {
    const next = (code: ReasonCode) => account({ code: 'rolloutErrored', params: {}, reasons: [{ code, object: null, params: {} }], detail: null }).next;
    expect(next('changedAfter')).toContain('dry-run');
    expect(next('noContact')).not.toContain('dry-run');
  });

  it('makes hostile values visible', () => {
    const reasons = [{ code: 'givenUp', object: 'Deployment/a\u202eb', params: { message: 'c\u200bd' } }] as const;
    expect(account({ code: 'wayBackFailed', params: {}, reasons: [...reasons], detail: null }).happened).toMatch(/a⟦RLO⟧b.*c⟦ZWSP⟧d/);
    expect(account({ code: 'workspaceUnreadable', params: { path: '/a\u202eb' }, reasons: [], detail: null }).happened).toContain('/a⟦RLO⟧b');
  });

  it('says every verb of the ledger in both languages', () => {
    const listed = contract('COMMANDS.md').split('Ledger verbs')[1]?.split('\n').slice(1).join(' ').replace(/\([^)]*\)/g, '') ?? '';
    const verbs = [...listed.matchAll(/\b([a-z]+[A-Z]\w+|armed|disarmed|refused)(?=\[|\s|$)/g)].map((match) => match[1] ?? '');
    expect(verbs.length).toBeGreaterThan(35);
    for (const verb of verbs) expect(knownVerbs, verb).toContain(verb);
    for (const language of languages) {
      speak(language);
      for (const verb of knownVerbs) expect(verbSentence(verb, {})).not.toMatch(/undefined|verb_/);
    }
    expect(verbSentence('somethingNewer', { a: 'b' })).toBe('somethingNewer a=b');
  });
});
