import axe from 'axe-core';
import { render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { tell, story, type Story } from '../fixtures/backend';
import { banner } from '../fixtures/clusters';
import { storyNow } from '../fixtures/day';
import { start } from '../fixtures/workspace';
import { useBackend, type Language } from '../src/ipc';
import { go, session, setClock, type Screen } from '../src/shared';
import App from '../src/views/App.svelte';
import { screenOf } from '../src/views/screens';

async function open(to: Screen, language: Language, change: Partial<Story> = {}) {
  const told = story(change);
  told.preferences = { ...told.preferences, language };
  useBackend(tell(told));
  const { container } = render(App);
  await waitFor(() => expect(session.start).not.toBeNull());
  // The frame has chosen where to begin; only then is another screen opened.
  await waitFor(() => expect(container.querySelector('main .page')).toBeTruthy());
  if (told.start.workspace) await session.open('REL-20260915-01');
  go(to);
  await waitFor(() => expect(container.querySelector(`[data-screen="${to}"] main .page`)).toBeTruthy());
  await new Promise((done) => setTimeout(done, 30));
  return container;
}

async function violations(container: Element): Promise<string[]> {
  // Colours need a real layout; they are checked by looking and by the tokens' table of contrasts.
  const result = await axe.run(container, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

describe('screens', () => {
  beforeEach(() => {
    session.reset();
    setClock(storyNow);
  });
  const all: Screen[] = ['start', 'releases', 'newRelease', 'overview', 'environments', 'gate', 'changes', 'rollout', 'checklist', 'audit'];

  it.each(all.flatMap((to) => (['zh-CN', 'en'] as const).map((language) => [to, language] as const)))('%s in %s has nothing against accessibility', async (to, language) => {
    if (!screenOf(to)) return;
    const container = await open(to, language);
    expect(document.documentElement.lang).toBe(language);
    expect(await violations(container)).toEqual([]);
  });

  it.each(['zh-CN', 'en'] as const)('the first start in %s offers two ways to begin', async (language) => {
    const container = await open('start', language, { start: start({ workspace: null, person: null }), banner: banner(null, { person: null }) });
    expect(screen.getByTestId('open-example')).toBeTruthy();
    expect(screen.getByTestId('workspace-path')).toBeTruthy();
    expect(await violations(container)).toEqual([]);
  });

  it.each(['zh-CN', 'en'] as const)('a start that fails says so in %s', async (language) => {
    useBackend(tell(story({ preferences: { language, theme: 'light', zoom: 100, lock_after_minutes: 15 }, failing: { start: { code: 'ledgerNoLocks', params: { path: '/mnt/share' } } } })));
    render(App);
    const said = (await screen.findByTestId('start-failure')).textContent;
    expect(said).toContain('/mnt/share');
    expect(said).toContain(language === 'en' ? 'does not support file locks' : '不支持文件锁');
  });

  it('a broken chain can be looked at, and nothing else opens', async () => {
    const failing = { start: { code: 'ledgerBroken' as const, params: { sequence: '872' } } };
    useBackend(tell(story({ failing, chain: { entries: 1284, verified: 871, broken_at: 872, head: null, took_ms: 1 } })));
    render(App);
    (await screen.findByTestId('start-audit')).click();
    expect((await screen.findByTestId('chain')).dataset['broken']).toBe('872');
    expect(screen.queryByTestId('chain-head')).toBeNull();
    screen.getByTestId('nav-start').click();
    await screen.findByTestId('start-failure');
  });

  it('says which mending a missing keychain and a broken chain need', async () => {
    await open('start', 'zh-CN', {
      start: start({ workspace: null, keychain: { code: 'keychainLocked', params: {}, reasons: [], detail: null }, chain: { entries: 10, verified: 4, broken_at: 5, head: null, took_ms: 1 } }),
      banner: banner(null),
    });
    expect(screen.getByTestId('keychain-failure').dataset['code']).toBe('keychainLocked');
    expect(screen.getByTestId('chain-failure').textContent).toContain('5');
  });
});
