/* A box that scrolls can be reached by Tab, so that the keyboard can scroll it; one with something in
   it that can be reached needs no stop of its own, and neither does one that is high enough. */

const reachable = 'button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]';

/** To be attached to a box with `overflow: auto`. */
export function scrollStop(box: HTMLElement): () => void {
  function judge(): void {
    const scrolls = box.scrollHeight > box.clientHeight + 1;
    if (scrolls && !box.querySelector(reachable)) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
  if (typeof ResizeObserver === 'undefined') return () => undefined;
  const sizes = new ResizeObserver(judge);
  const content = new MutationObserver(judge);
  sizes.observe(box);
  content.observe(box, { childList: true, subtree: true, characterData: true });
  judge();
  return () => {
    sizes.disconnect();
    content.disconnect();
  };
}
