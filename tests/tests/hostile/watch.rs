//! Watches the page of the real window while somebody walks through it.

use std::collections::BTreeMap;

use acceptance::window::Window;
use serde_json::Value;

use crate::desk::Said;

/// Set up once; the page is never loaded anew. It notes every element, attribute and text that
/// comes onto the page, however briefly.
const SET_UP: &str = r#"
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/u;
const TAGS = new Set(('html head body div span section header footer nav main aside article h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd ' +
  'b i em strong small bdi bdo br hr pre code kbd mark time table thead tbody tfoot tr th td col colgroup caption button input ' +
  'select option optgroup textarea label fieldset legend details summary output progress meter ' +
  'svg g path circle rect line polyline polygon text tspan defs pattern clippath ellipse').split(' '));
const SPOKEN = ['title', 'aria-label', 'aria-description', 'placeholder', 'alt'];
const watch = window.__watch = { found: [], markers: {}, marks: {}, broken: [] };
const where = (node) => {
  const at = (node.nodeType === 1 ? node : node.parentElement)?.closest('[data-testid]');
  return (at?.dataset.testid ?? 'page').replace(/-?c\d{4}z[^]*$/, '').replace(/^(notification|timeline)-open-.*$/, '$1').replace(/-[0-9a-f]*\d+$/, '').slice(0, 60);
};
const found = (what, node, more) => { if (watch.found.length < 60) watch.found.push(`${what} in ${where(node)}: ${String(more).slice(0, 160)}`); };
const text = (node) => {
  const value = node.nodeValue ?? '', at = where(node);
  for (const [marker] of value.matchAll(/c\d{4}z/g)) (watch.markers[at] ??= new Set()).add(marker);
  if (/⟦[A-Z0-9+]+⟧|[\u2400-\u2421]/.test(value)) watch.marks[at] = (watch.marks[at] ?? 0) + 1;
};
const element = (node) => {
  const tag = node.localName;
  if (!TAGS.has(tag) && !document.head.contains(node)) found('element', node, node.outerHTML);
  for (const { name } of node.attributes) attribute(node, name);
};
const attribute = (node, name) => {
  const value = node.getAttribute(name);
  if (value === null || document.head.contains(node)) return;
  if (name.startsWith('on') || ['href', 'src', 'srcset', 'srcdoc', 'action', 'formaction', 'xlink:href', 'ping', 'background', 'poster', 'data'].includes(name)) found('attribute', node, `${name}=${value}`);
  if (name === 'style' && /url|expression|import|behavior/i.test(value)) found('style', node, value);
};
const whole = (root) => {
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = root; node; node = nodes.nextNode()) (node.nodeType === 1 ? element : text)(node);
};
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === 'characterData') text(change.target);
    else if (change.type === 'attributes') attribute(change.target, change.attributeName);
    else change.addedNodes.forEach((node) => { if (node.nodeType === 1 || node.nodeType === 3) whole(node); });
  }
}).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true });
document.addEventListener('securitypolicyviolation', (event) => watch.broken.push(`${event.effectiveDirective} ${event.blockedURI}`));
whole(document.documentElement);
// What stands on the page when a frame is drawn: nothing unseen, nothing beside the window.
watch.look = () => {
  const wrong = [], wide = innerWidth, high = innerHeight;
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    if (node.nodeType === 3) {
      if (HIDDEN.test(node.nodeValue)) wrong.push(`unseen character in ${where(node)}: ${JSON.stringify(node.nodeValue.slice(0, 80))}`);
    } else for (const name of SPOKEN) {
      if (HIDDEN.test(node.getAttribute(name) ?? '')) wrong.push(`unseen character in ${name} of ${where(node)}: ${JSON.stringify(node.getAttribute(name).slice(0, 80))}`);
    }
  }
  for (const root of [document.scrollingElement, document.body]) {
    if (root.scrollWidth > wide) wrong.push(`the page is ${root.scrollWidth} wide, the window ${wide}`);
    if (root.scrollHeight > high) wrong.push(`the page is ${root.scrollHeight} high, the window ${high}`);
  }
  for (const id of ['banner', 'banner-environment', 'way-back', 'help', 'person-chip', 'nav-overview', 'nav-audit']) {
    const one = document.querySelector(`[data-testid="${id}"]`), box = one?.getBoundingClientRect();
    if (!box) { wrong.push(`${id} is not there`); continue; }
    if (box.left < -1 || box.top < -1 || box.right > wide + 1 || box.bottom > high + 1 || box.width < 8 || box.height < 8) {
      wrong.push(`${id} is out of the window: ${JSON.stringify(box)}`);
    }
    if (id === 'way-back' || id === 'person-chip') {
      const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      if (!one.contains(on) && !document.querySelector('.scrim')) wrong.push(`${id} is covered by ${on?.outerHTML.slice(0, 120)}`);
    }
  }
  for (const seg of document.querySelectorAll('.dock .seg')) {
    const box = seg.getBoundingClientRect(), label = seg.firstElementChild.getBoundingClientRect();
    if (label.width > 0 && (label.right > box.right + 1 || box.width < 60)) wrong.push(`${where(seg)} is pressed to ${box.width} pixels`);
  }
  for (const title of document.querySelectorAll('[data-testid^="condition-"] h3')) {
    const box = title.getBoundingClientRect(), on = document.elementFromPoint(box.left + 4, box.top + box.height / 2);
    if (on && !title.contains(on) && !on.contains(title) && !document.querySelector('.scrim')) wrong.push(`the title of ${where(title)} is covered by ${on.outerHTML.slice(0, 120)}`);
  }
  // A dialog stays between banner and dock, with its buttons in sight.
  for (const dialog of document.querySelectorAll('.dialog')) {
    const box = dialog.getBoundingClientRect();
    if (box.left < 0 || box.right > wide || box.top < 0 || box.bottom > high) wrong.push(`a dialog is out of the window: ${JSON.stringify(box)}`);
    for (const button of dialog.querySelectorAll('.foot button')) {
      const inside = button.getBoundingClientRect();
      if (inside.left < box.left || inside.right > box.right + 1 || inside.bottom > box.bottom + 1) wrong.push(`${where(button)} is out of its dialog`);
    }
  }
  return [...new Set(wrong)].slice(0, 30);
};
watch.told = () => ({
  found: watch.found, broken: watch.broken, marks: watch.marks,
  markers: Object.fromEntries(Object.entries(watch.markers).map(([at, all]) => [at, all.size])),
  all: new Set(Object.values(watch.markers).flatMap((all) => [...all])).size,
  ran: [window.__pwned, document.body.dataset.pwned, /pwned/.test(document.title) || undefined, Object.prototype.pwned].filter((one) => one !== undefined),
});
"#;

/// Parts of ten seconds in which a page is scrolled through.
const PARTS: usize = 12;

/// What was seen so far.
pub struct Told {
    /// Elements and attributes that text became.
    pub found: Vec<String>,
    /// What the content policy had to refuse.
    pub broken: Vec<String>,
    /// Strings that ran.
    pub ran: Vec<Value>,
    /// How many different strings were on the page.
    pub all: usize,
    /// How many of them where, by the nearest test id.
    pub markers: BTreeMap<String, usize>,
    /// Where unseen characters were shown as marks.
    pub marks: BTreeMap<String, usize>,
}

/// Begins to watch.
pub async fn begin(window: &Window) {
    window.script(SET_UP, vec![]).await.said();
}

/// What is wrong with the page as it stands now.
pub async fn look(window: &Window) -> Vec<String> {
    let wrong = window.script_until(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => done(window.__watch.look()), 0))",
        vec![],
    );
    texts(&wrong.await.said())
}

/// What was seen so far.
pub async fn told(window: &Window) -> Told {
    let told = window
        .script("return window.__watch.told()", vec![])
        .await
        .said();
    let counts = |name: &str| -> BTreeMap<String, usize> {
        let counts = told[name].as_object().unwrap().iter();
        counts
            .map(|(at, count)| {
                (
                    at.clone(),
                    usize::try_from(count.as_u64().unwrap()).unwrap(),
                )
            })
            .collect()
    };
    Told {
        found: texts(&told["found"]),
        broken: texts(&told["broken"]),
        ran: told["ran"].as_array().unwrap().clone(),
        all: usize::try_from(told["all"].as_u64().unwrap()).unwrap(),
        markers: counts("markers"),
        marks: counts("marks"),
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Scrolls everything that scrolls from its beginning to its end, so that lists show all of their rows.
pub async fn scroll_through(window: &Window) {
    // In parts: a driver does not wait for a script for as long as a busy machine takes.
    let script = r#"
const done = arguments[0];
(async () => {
  const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next, 0)));
  const scrolls = (one) => one.scrollHeight > one.clientHeight + 4 && /auto|scroll/.test(getComputedStyle(one).overflowY);
  const left = window.__scroll ??= [...document.querySelectorAll('*')].filter(scrolls).map((box) => ({ box, at: 0 }));
  // Lists that draw only the rows in sight need every step; whatever else is drawn already.
  const end = performance.now() + 10000;
  const lazy = (box) => /-(lines|rows)$/.test(box.dataset.testid ?? box.closest('[data-testid]')?.dataset.testid ?? '');
  for (; left.length > 0; left.shift()) {
    const one = left[0], box = one.box;
    const step = lazy(box) ? Math.max(150, box.clientHeight * 0.8) : box.scrollHeight / 3;
    for (; one.at < box.scrollHeight; one.at += step) {
      if (performance.now() > end) return false;
      box.scrollTop = one.at;
      await frame();
    }
    box.scrollTop = 0;
  }
  delete window.__scroll;
  await frame();
  return true;
})().then(done, (error) => done(String(error)));
"#;
    for _ in 0..PARTS {
        let came = window.script_until(script, vec![]).await.said();
        match came {
            Value::Bool(true) => return,
            Value::Bool(false) => {}
            other => panic!("{other}"),
        }
    }
    panic!("the page did not come to its end");
}
