import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/* What is shipped: nothing of the fixtures, and nothing a strict content security policy refuses. */
describe('the production bundle', () => {
  const out = mkdtempSync(join(tmpdir(), 'pilothouse-dist-'));
  const files = () => readdirSync(out, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  beforeAll(async () => {
    await build({ root: join(import.meta.dirname, '..'), mode: 'production', logLevel: 'error', build: { outDir: out, emptyOutDir: true } });
  }, 120_000);
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  it('holds nothing of the fixtures', () => {
    for (const file of files()) {
      const text = readFileSync(file, 'utf8');
      for (const word of ['zhangsan', '张三', '26Q3-05', 'REL-20260915', 'k8s.example']) expect(text.includes(word), `${word} in ${file}`).toBe(false);
    }
  });

  it('has no inline script, style or data: address in its page', () => {
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|data:|blob:/);
    expect(page).not.toMatch(/https?:\/\//);
  });

  it('sets no style attribute through markup, evaluates nothing, and fetches no other host', () => {
    for (const file of files().filter((one) => one.endsWith('.js'))) {
      const text = readFileSync(file, 'utf8');
      expect(text, file).not.toMatch(/<[a-z]+[^<>`]* style="/);
      expect(text, file).not.toMatch(/\beval\(|new Function\(/);
    }
    for (const file of files().filter((one) => one.endsWith('.css'))) expect(readFileSync(file, 'utf8'), file).not.toMatch(/url\(|@import/);
  });
});
