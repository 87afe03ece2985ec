import { render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { banner, identityOf, placeOf } from '../fixtures/clusters';
import { at, storyNow } from '../fixtures/day';
import type { BannerView } from '../src/ipc';
import { Banner, setClock, speak } from '../src/shared';

const show = (view: BannerView) => {
  render(Banner, { view, personName: '张三', onpick: vi.fn(), onverify: vi.fn(), onarm: vi.fn() });
  return screen.getByTestId('banner');
};
const glyph = (element: HTMLElement) => element.querySelector('[data-glyph]')?.getAttribute('data-glyph');
const armed = { state: 'armed', reason: null, module: 'fission-executor', until: at('11:16:10'), asks_name: true } as const;

describe('Banner', () => {
  beforeEach(() => {
    speak('zh-CN');
    setClock(storyNow);
  });

  it('A: no cluster selected', () => {
    const element = show(banner(null));
    expect(glyph(element)).toBe('none');
    expect(element.textContent).toContain('未选择集群');
    expect(element.textContent).toContain('不能做任何变更');
    expect(element.dataset['arming']).toBe('readOnly');
  });

  it('B: offline, armed', () => {
    const element = show(banner('bj-ontest', { arming: { ...armed, module: null } }));
    expect(glyph(element)).toBe('dev');
    expect(element.textContent).toContain('变更已解锁');
    expect(element.textContent).toContain('线下 · 第 1 站，共 3 站');
  });

  it('C: production, read-only', () => {
    const element = show(banner('sz-prod'));
    expect(glyph(element)).toBe('sz');
    expect(element.textContent).toContain('sz-prod-01');
    expect(element.textContent).toContain('身份已核验 · 10 秒前');
    expect(element.textContent).toContain('变更已锁定 · 可随时回滚');
  });

  it('D: the last stop, armed for one module', () => {
    const element = show(banner('bj-prod', { arming: armed }));
    expect(glyph(element)).toBe('bj');
    expect(element.dataset['arming']).toBe('armed');
    expect(element.textContent).toContain('最后一站');
    expect(element.textContent).toContain('7:46');
  });

  it('E: verified too long ago is stale and not armed, before the program says so', () => {
    const element = show(banner('sz-prod', { identity: identityOf(placeOf('sz-prod'), at('11:06:50')), arming: armed }));
    expect(element.dataset['identity']).toBe('stale');
    expect(element.dataset['arming']).toBe('readOnly');
    expect(screen.getByTestId('verify-identity')).toBeTruthy();
    expect(element.textContent).toContain('身份核验已过期，请重新核验');
  });

  it('F: another cluster answers: disconnected, and nothing to continue with', () => {
    const identity = { ...identityOf(placeOf('bj-prod'), at('11:08:12')), state: 'mismatch' as const, found_uid: '90abf211-77aa-4c1d-8e02-31d0b6f417cc', found_ca: placeOf('bj-prod').ca };
    const element = show(banner('bj-prod', { identity, arming: armed }));
    expect(element.textContent).toContain('身份不符');
    expect(element.textContent).toContain('e2d0…58b3');
    expect(element.textContent).toContain('90ab…17cc');
    expect(element.textContent).toContain('CA 一致');
    expect(element.dataset['arming']).toBe('readOnly');
    expect(screen.queryByTestId('verify-identity')).toBeNull();
    expect(screen.getByTestId('arm-button').tagName).toBe('DIV');
  });

  it('G: a rehearsal never looks like production', () => {
    const element = show(banner('bj-prod', { rehearsal: true, arming: armed }));
    expect(glyph(element)).toBe('drill');
    expect(element.textContent).toContain('演练，不是生产');
  });

  it('locks when the time is over', () => {
    const element = show(banner('bj-prod', { arming: { ...armed, until: at('11:08:00') } }));
    expect(element.dataset['arming']).toBe('readOnly');
  });
});
