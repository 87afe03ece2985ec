import { render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { HostileText, pieces, showUnseen, visible } from '../src/shared';

describe('hostile text', () => {
  it('shows what cannot be seen', () => {
    expect(visible('a\u202eb')).toBe('a⟦RLO⟧b');
    expect(visible('a\u200bb\ufeff')).toBe('a⟦ZWSP⟧b⟦BOM⟧');
    expect(visible('\u0000\u001b[31m\u007f\r\n')).toBe('␀␛[31m␡␍␊');
    expect(visible('\u2066x\u2069\u00ad\u009b')).toBe('⟦LRI⟧x⟦PDI⟧⟦SHY⟧⟦U+009B⟧');
    expect(visible('\u{e0041}')).toBe('⟦U+E0041⟧');
    expect(visible('\ud800')).toBe('⟦U+D800⟧');
  });

  it('leaves ordinary text of both languages and emoji alone', () => {
    const text = '苏州 prod — “ok” 👍 é';
    expect(pieces(text)).toEqual([{ text, mark: false }]);
  });

  it('never becomes markup', () => {
    const { container } = render(HostileText, { text: '<img src=x onerror=alert(1)>\u202e<script>' });
    expect(container.querySelector('img, script')).toBeNull();
    expect(container.textContent).toContain('<img src=x onerror=alert(1)>⟦RLO⟧<script>');
    expect(container.querySelectorAll('.mark')).toHaveLength(1);
  });
});

describe('the watch over the whole page', () => {
  it('marks what a component forgot to mark, in text and in what is read out', async () => {
    const page = document.createElement('div');
    page.innerHTML = '<b title="x">before</b>';
    const [first, spoken] = [page.firstElementChild!, document.createElement('i')];
    const end = showUnseen(page);
    first.firstChild!.nodeValue = 'a\u202eb\nc\u200b';
    first.setAttribute('title', 'a\u2066b');
    spoken.setAttribute('aria-label', '\u0000');
    spoken.append('d\ufeff');
    page.append(spoken);
    await Promise.resolve();
    expect(page.innerHTML).toBe('<b title="a⟦LRI⟧b">a⟦RLO⟧b\nc⟦ZWSP⟧</b><i aria-label="␀">d⟦BOM⟧</i>');
    end();
  });
});
