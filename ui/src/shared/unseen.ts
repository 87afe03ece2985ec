import { visible } from './format/hostile';

/* Nobody can forget it: whatever text gets onto the page, by whatever component, has what cannot be
   seen in it made visible before it is drawn. HostileText does the same with a mark of its own and
   keeps directions apart; this is for titles, labels, sentences and options. */

/** What is read out or shown as a hint. */
const SPOKEN = ['title', 'aria-label', 'aria-description', 'aria-valuetext', 'aria-roledescription', 'alt', 'placeholder', 'label'];

/** Spaces and line breaks are the page's own business; everything else that `visible` names is not. */
const own = /[\t\n\r\u00a0]+/;

function seen(text: string): string {
  if (!own.test(text)) return visible(text);
  return text.split(/([\t\n\r\u00a0]+)/).map((part) => (own.test(part) ? part : visible(part))).join('');
}

function showText(node: Node): void {
  const text = node.nodeValue ?? '';
  const shown = seen(text);
  if (shown !== text) node.nodeValue = shown;
}

function showAttribute(element: Element, name: string): void {
  const text = element.getAttribute(name);
  if (text === null) return;
  const shown = seen(text);
  if (shown !== text) element.setAttribute(name, shown);
}

function showAll(root: Node): void {
  if (root.nodeType === Node.TEXT_NODE) return showText(root);
  if (!(root instanceof Element)) return;
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node: Node | null = root; node; node = nodes.nextNode()) {
    if (node instanceof Element) for (const name of SPOKEN) showAttribute(node, name);
    else showText(node);
  }
}

/** Watches over everything below an element, from now on; what it returns ends that. */
export function showUnseen(root: Element): () => void {
  const watch = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'characterData') showText(change.target);
      else if (change.type === 'attributes' && change.attributeName) showAttribute(change.target as Element, change.attributeName);
      else change.addedNodes.forEach(showAll);
    }
  });
  showAll(root);
  watch.observe(root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN });
  return () => watch.disconnect();
}
