import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { account, speak } from '../src/shared';
import { expectations } from '../src/shared/phrases';

const root = join(import.meta.dirname, '../messages');
const read = (language: string, file: string): Record<string, string> => JSON.parse(readFileSync(join(root, language, file), 'utf8'));
const files = readdirSync(join(root, 'zh-CN')).sort();
// A plural is a list of variants; what it names is named in any of them.
const named = (sentence: unknown): string[] => [...new Set([...JSON.stringify(sentence).matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort();
// What a person reads of a message: every variant of a plural. The names of values are shortened to `{}`.
const texts = (message: unknown): string[] =>
  (typeof message === 'string' ? [message] : (message as { match: Record<string, string> }[]).flatMap((one) => Object.values(one.match))).map((text) => text.replace(/\{\w+\}/g, '{}'));
const all = (language: string): [key: string, text: string][] =>
  files.flatMap((file) => Object.entries(read(language, file)).flatMap(([key, message]) => (key === '$schema' ? [] : texts(message).map((text): [string, string] => [key, text]))));
const breaking = (messages: [string, string][], rule: RegExp): string[] => messages.filter(([, text]) => rule.test(text)).map(([key, text]) => `${key}: ${text}`);

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

/* The glossary, as far as a machine can keep it: words that were replaced by the field's term, and
   what is written instead. */
const english: [rule: RegExp, instead: string][] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\banew\b/i, 'again'],
  [/\bwhom\b/i, 'who, or the name of the role'],
  [/\bsettle[sd]?\b/i, 'resolve'],
  [/\bsmuggl/i, 'undeclared'],
  [/\bto come\b/i, 'pending, not created'],
  [/\bways? back\b|\b(go|goes|going|went|take|takes|taken|taking) back\b/i, 'roll back, rollback'],
  [/\btaking \{\} back\b/i, 'rolling back'],
  [/\btold\b/i, 'unknown, not determined'],
  [/\bgo(es)? along\b/i, 'is copied, is included'],
  [/\bholds\b/i, 'is met, is valid, has'],
  [/\bstop \{/i, 'stage'],
  [/\bodd\b/i, 'warning'],
  [/\blook again\b|\ba look\b/i, 'review again, check'],
  [/\blaps(e|es|ed)\b/i, 'expire'],
  [/\bword by word\b/i, 'command and arguments'],
  [/\b(arm|arms|armed|disarmed)\b/i, 'unlock, lock'],
  [/\bseats?\b/i, 'person'],
  [/\bledger\b(?!\.sqlite)/i, 'audit log'],
  [/\baudit chain\b/i, 'audit log'],
  [/\bby itself\b/i, 'automatically'],
  [/\bslots?\b/i, 'replica'],
  [/\bbound\b/i, 'pinned'],
];
const chinese: [rule: RegExp, instead: string][] = [
  [/钉/, '绑定'],
  [/退得?回来|回头路|回退/, '回滚'],
  [/夹带/, '未声明的改动'],
  [/签核/, '签名（检查项）、复核（变更）'],
  [/核对/, '核验（身份）、复核（变更）、校验（日志与签名）、检查（权限）'],
  [/门禁/, '闸门'],
  [/闸门[已未]?开(?!始)|打开.{0,6}闸门/, '放行'],
  [/(?<!检查|资源)清单/, 'YAML（manifest）、检查清单（checklist）'],
  [/审计链|账本|台账/, '审计日志'],
  [/结果未明|无法判定/, '结果不明、无法判断'],
  [/工作站/, '本机'],
  [/文件夹/, '目录'],
  [/上下文/, 'context'],
  [/API server/, 'API Server'],
  [/外部(凭据)?命令/, '凭据插件'],
  [/槽位/, '副本'],
  [/[投票]票|一票|票 Go/, '表态'],
  [/我在(这里|那里)是|谁坐在|座位|席位/, '当前人员'],
  [/没有回答|回答的是/, '没有响应'],
  [/逐词|第 \{\} 词/, '命令与参数'],
  [/原话|主人/, '报错、管理者'],
  [/这里应为/, '要求：'],
  [/挡住闸门/, '阻止放行'],
  [/[读写问][不][到懂进]|[用建连]不[了上]|不让改/, '无法读取、无法写入、无法连接'],
  [/问集群|问不到/, '查询集群、执行 dry-run'],
  [/前进：/, '正在上线：'],
];

describe('the words', () => {
  it.each(english)('of English do without %s', (rule, instead) => {
    expect(breaking(all('en'), rule), `write: ${instead}`).toEqual([]);
  });

  it.each(chinese)('of Chinese do without %s', (rule, instead) => {
    expect(breaking(all('zh-CN'), rule), `应写作：${instead}`).toEqual([]);
  });

  it('call a stage 站 on the banner only', () => {
    expect(breaking(all('zh-CN').filter(([key]) => !key.startsWith('banner_place_')), /站/)).toEqual([]);
  });

  it('of English have no Chinese character and no Chinese punctuation', () => {
    const cjk = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;
    // The switch of languages names the other one.
    expect(breaking(all('en').filter(([key]) => key !== 'settings_language_short'), cjk)).toEqual([]);
  });

  it('are in the catalogues, not in the code: both languages have their own punctuation there', () => {
    const source = join(root, '../src');
    const own = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|svelte)$/.test(path) && !path.startsWith('paraglide') && !path.includes('bindings'));
    expect(own.length).toBeGreaterThan(100);
    const spoken = own.flatMap((path) =>
      readFileSync(join(source, path), 'utf8').split('\n')
        .filter((line) => !/^\s*(\/\/|\/?\*|<!--)/.test(line) && /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(spoken).toEqual([]);
  });

  it('are all used', () => {
    const source = join(root, '../src');
    const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|svelte)$/.test(path) && !path.startsWith('paraglide'))
      .map((path) => readFileSync(join(source, path), 'utf8')).join('\n');
    const named = new Set([...code.matchAll(/\bm\.(\w+)/g)].map((match) => match[1]));
    const families = [...code.matchAll(/`(\w+_)\$\{/g)].map((match) => match[1] ?? '');
    expect(families.length).toBeGreaterThan(3);
    const keys = files.flatMap((file) => Object.keys(read('en', file))).filter((key) => key !== '$schema');
    // Its screen is still to be built.
    const waiting = ['nav_notices'];
    expect(keys.filter((key) => !named.has(key) && !families.some((family) => key.startsWith(family)) && !waiting.includes(key))).toEqual([]);
  });
});

describe('a sentence about a wrong place', () => {
  const values = {
    file: 'a.yaml', line: '3', column: '1', field: 'modules', most: '3', least: '8', from: '1', to: '9', known: 'a, b', key: 'foo', found: 'bar', thing: 'environment', first: 'pilothouse.yaml:12:5',
    role: 'verifier', kind: 'Namespace', object: 'Deployment/a', module: 'router', environment: 'bj-dev', version: '1.2.0', namespace: 'fission', path: 'modules/router', context: 'bj', files: 'ca.crt', person: 'lisi', host: 'a.example', cluster: 'bj-01', label: 'app.kubernetes.io/version',
  };
  const cases = (['workspaceInvalid', 'kubeconfigInvalid', 'kubeconfigUnusable', 'formInvalid'] as const).flatMap((code) => (['en', 'zh-CN'] as const).map((language) => [code, language] as const));

  it.each(cases)('of %s in %s is a sentence and one clause of what is right instead', (code, language) => {
    speak(language);
    for (const expectation of Object.keys(expectations)) {
      const { happened } = account({ code, params: { ...values, expectation }, reasons: [], detail: null });
      // `Expected: a current person.`, not `expected who sits here.`; a dash is a value that nobody gave.
      const form = language === 'en' ? /[^.]\. Expected: (?!who\b|this\b|that\b|it\b|to\b)[^—]*[^—.:,;]\.$/ : /[^。]。要求：[^。：，—][^。—]*[^。：，；—]。$/;
      expect(happened).toMatch(form);
      expect(happened).not.toMatch(/\sa [aeio]/);
    }
  });
});
