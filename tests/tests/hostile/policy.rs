//! Nothing runs, loads or leads away in the real window but what the program brought along.

use acceptance::window::Window;
use serde_json::{Value, json};

use crate::desk::{Desk, Said};
use crate::outside::Outside;
use crate::permissions::POLICY;

/// Each tries one way in or out. `OUT` is outside, `ran` is called by what should not run.
const TRIES: &[(&str, &str)] = &[
    (
        "inline script",
        "const s = make('script'); s.textContent = 'ran(\"inline script\")'; add(s)",
    ),
    (
        "remote script",
        "const s = make('script'); s.src = OUT; add(s)",
    ),
    (
        "module script",
        "const s = make('script'); s.type = 'module'; s.src = OUT; add(s)",
    ),
    (
        "data script",
        "const s = make('script'); s.src = 'data:text/javascript,ran(\"data script\")'; add(s)",
    ),
    (
        "event handler",
        "const s = make('div'); s.innerHTML = '<img src=x onerror=\"ran(\\'event handler\\')\">'; add(s)",
    ),
    (
        "handler set",
        "const s = make('button'); s.setAttribute('onclick', 'ran(\"handler set\")'); add(s); s.click()",
    ),
    (
        "javascript link",
        "const s = make('a'); s.href = 'javascript:ran(\"javascript link\")'; add(s); s.click()",
    ),
    ("eval", "(0, eval)('ran(\"eval\")')"),
    ("new Function", "new Function('ran(\"new Function\")')()"),
    ("timer text", "setTimeout('ran(\"timer text\")', 0)"),
    ("import", "await import(OUT)"),
    ("fetch", "await fetch(OUT)"),
    (
        "fetch no-cors",
        "await fetch(OUT, { mode: 'no-cors', method: 'POST', body: 'x' })",
    ),
    (
        "request",
        "const r = new XMLHttpRequest(); r.open('GET', OUT); r.send()",
    ),
    ("socket", "new WebSocket(OUT.replace('http', 'ws'))"),
    ("events", "new EventSource(OUT)"),
    ("beacon", "navigator.sendBeacon(OUT, 'x')"),
    ("worker", "new Worker(OUT)"),
    (
        "blob worker",
        "new Worker(URL.createObjectURL(new Blob(['fetch(\"' + OUT + '\")'])))",
    ),
    ("shared worker", "new SharedWorker(OUT)"),
    ("image", "new Image().src = OUT"),
    (
        "data image",
        "const s = make('img'); s.onload = () => ran('data image'); s.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='; add(s)",
    ),
    ("frame", "const s = make('iframe'); s.src = OUT; add(s)"),
    (
        "frame text",
        "const s = make('iframe'); s.srcdoc = '<script>parent.ran(\"frame text\")</scr' + 'ipt>'; add(s)",
    ),
    (
        "frame script",
        "const s = make('iframe'); s.src = 'javascript:parent.ran(\"frame script\")'; add(s)",
    ),
    ("object", "const s = make('object'); s.data = OUT; add(s)"),
    ("embed", "const s = make('embed'); s.src = OUT; add(s)"),
    (
        "video",
        "const s = make('video'); s.src = OUT; s.autoplay = true; add(s)",
    ),
    (
        "style sheet",
        "const s = make('link'); s.rel = 'stylesheet'; s.href = OUT; document.head.append(s)",
    ),
    (
        "prefetch",
        "const s = make('link'); s.rel = 'prefetch'; s.href = OUT; document.head.append(s)",
    ),
    (
        "style",
        "const s = make('style'); s.textContent = '#app { background: url(' + OUT + ') }'; document.head.append(s)",
    ),
    (
        "font",
        "const f = new FontFace('x', 'url(' + OUT + ')'); await f.load()",
    ),
    (
        "form",
        "const s = make('form'); s.action = OUT; s.method = 'post'; add(s); s.submit()",
    ),
    (
        "form elsewhere",
        "const s = make('form'); s.action = OUT; s.target = '_blank'; add(s); s.requestSubmit()",
    ),
    (
        "base",
        "const s = make('base'); s.href = OUT; document.head.append(s); if (document.baseURI.startsWith('http:')) ran('base')",
    ),
    (
        "drawing",
        "const s = make('div'); s.innerHTML = '<svg onload=\"ran(\\'drawing\\')\"><use href=\"' + OUT + '#x\"/><image href=\"' + OUT + '\"/></svg>'; add(s)",
    ),
];

/// Each tries to leave.
const DEPARTURES: &[(&str, &str)] = &[
    ("location", "location.href = OUT"),
    ("location to a file", "location.href = 'file:///etc/passwd'"),
    ("location to data", "location.href = 'data:text/html,gone'"),
    ("location to nothing", "location.href = 'about:blank'"),
    (
        "location to a script",
        "location.href = 'javascript:document.write(1)'",
    ),
    ("location replaced", "location.replace(OUT)"),
    (
        "another host of ours",
        "location.href = 'tauri://elsewhere/'",
    ),
    (
        "blob",
        "location.href = URL.createObjectURL(new Blob(['gone'], { type: 'text/html' }))",
    ),
    ("window", "if (window.open(OUT)) ran('window')"),
    ("window on top", "window.open(OUT, '_top')"),
    ("empty window", "if (window.open('')) ran('empty window')"),
    (
        "link",
        "const s = make('a'); s.href = OUT; add(s); s.click()",
    ),
    (
        "link to another window",
        "const s = make('a'); s.href = OUT; s.target = '_blank'; add(s); s.click()",
    ),
    (
        "download",
        "const s = make('a'); s.href = URL.createObjectURL(new Blob(['x'])); s.download = 'pwned.sh'; add(s); s.click()",
    ),
    (
        "refresh",
        "const s = make('meta'); s.httpEquiv = 'refresh'; s.content = '0;url=' + OUT; document.head.append(s)",
    ),
    (
        "form",
        "const s = make('form'); s.action = OUT; add(s); s.submit()",
    ),
];

/// What is refused without a word.
const SILENT: [&str; 4] = ["prefetch", "shared worker", "beacon", "frame text"];

/// How long a refusal may take to be told, on a machine with other work.
const REFUSAL_MS: u64 = 10_000;

const BEFORE: &str = "window.__broken = []; window.__ran = []; window.ran = (what) => window.__ran.push(what); \
    document.addEventListener('securitypolicyviolation', (event) => window.__broken.push( \
      { directive: event.effectiveDirective, blocked: event.blockedURI, policy: event.originalPolicy }));";

/// Runs one try and waits until it is refused, at most so many milliseconds; then a moment more, in
/// which something may run all the same. What it throws is what it should.
const TRY: &str = "const [code, OUT, most, done] = arguments; \
    const make = (name) => document.createElement(name), add = (one) => document.body.append(one), ran = window.ran; \
    let thrown = null; \
    const told = () => done({ thrown, ran: window.__ran.splice(0), broken: window.__broken.splice(0) }); \
    const end = Date.now() + most; \
    const rest = () => setTimeout(...(thrown || window.__broken.length || window.__ran.length || Date.now() > end ? [told, 120] : [rest, 20])); \
    (async () => { try { BODY } catch (error) { thrown = String(error) } })().finally(rest);";

async fn tried(window: &Window, code: &str, out: &str, most_ms: u64) -> Value {
    // A script that the driver brings is allowed what the page's own scripts are not: it is only
    // the messenger here.
    let script = TRY.replace("BODY", code);
    window
        .script_until(&script, vec![json!(code), json!(out), json!(most_ms)])
        .await
        .said()
}

#[tokio::test]
async fn nothing_runs_or_loads_but_the_programs_own() {
    let Some(desk) = Desk::set_up("policy").await else {
        return;
    };
    let outside = Outside::listen().await;
    let window = desk.window().await;
    window.wait_for("open-example").await.said();
    window.script(BEFORE, vec![]).await.said();
    let out = format!("http://{}/x", outside.host());
    let mut policies = std::collections::BTreeSet::new();
    let mut directives = std::collections::BTreeSet::new();
    let mut failures = Vec::new();
    for (name, code) in TRIES {
        let silent = SILENT.contains(name);
        let most_ms = if silent { 0 } else { REFUSAL_MS };
        let came = tried(&window, code, &out, most_ms).await;
        println!("{name}: {came}");
        let broken = came["broken"].as_array().cloned().unwrap_or_default();
        for one in &broken {
            policies.insert(one["policy"].as_str().unwrap().to_owned());
            directives.insert(one["directive"].as_str().unwrap().to_owned());
        }
        // Either the policy said no, or the page could not even begin.
        let refused = !broken.is_empty() || came["thrown"].is_string();
        if !(refused || silent) || came["ran"] != json!([]) {
            failures.push(format!("{name}: {came}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(outside.came(), 0, "somebody outside was talked to");
    at_home(&window).await;
    // The desktop's notifications are the program's: no script was put into the page that sends them.
    let ours = window
        .script(
            "return typeof window.Notification === 'undefined' || \
             Function.prototype.toString.call(window.Notification).includes('[native code]')",
            vec![],
        )
        .await
        .said();
    assert_eq!(ours, json!(true), "window.Notification is a script's");
    // The policy that was in force is ours. The framework may add what its own files need: hashes
    // and nonces, nothing wider.
    assert!(!policies.is_empty());
    for policy in &policies {
        println!("in force: {policy}");
        same_policy(policy);
    }
    for directive in [
        "script-src-elem",
        "script-src-attr",
        "connect-src",
        "img-src",
        "frame-src",
        "style-src-elem",
        "form-action",
        "base-uri",
    ] {
        assert!(
            directives.contains(directive),
            "{directive} in {directives:?}"
        );
    }
}

/// Compares directive by directive.
fn same_policy(found: &str) {
    let parts = |policy: &str| -> std::collections::BTreeMap<String, Vec<String>> {
        let parts = policy
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let mut words = part.split_whitespace().map(str::to_owned);
                let name = words.next().unwrap();
                let mut sources: Vec<_> = words
                    .filter(|word| !word.starts_with("'nonce-") && !word.starts_with("'sha256-"))
                    .collect();
                sources.sort();
                (name, sources)
            })
            .collect()
    };
    assert_eq!(parts(found), parts(POLICY));
}

#[tokio::test]
async fn nothing_leads_away() {
    let Some(desk) = Desk::set_up("departures").await else {
        return;
    };
    let outside = Outside::listen().await;
    let window = desk.window().await;
    window.wait_for("open-example").await.said();
    window.script(BEFORE, vec![]).await.said();
    let out = format!("http://{}/x", outside.host());
    let windows = desk.desktop.screen().windows(".*").unwrap().len();
    for (name, code) in DEPARTURES {
        let came = tried(&window, code, &out, 0).await;
        println!("{name} ({} came): {came}", outside.came());
        assert_eq!(came["ran"], json!([]), "{name}");
        let still = window
            .script("return [location.href, typeof window.ran]", vec![])
            .await;
        assert_eq!(
            still.said(),
            json!(["tauri://localhost", "function"]),
            "{name} led away"
        );
    }
    at_home(&window).await;
    assert_eq!(desk.desktop.screen().windows(".*").unwrap().len(), windows);
    // For a link that is clicked WebKit opens a connection before it asks whether it may go there,
    // and says nothing on it. The program's page has no links: the walk sees to that.
    assert_eq!(outside.spoke(), 0);
    let home = desk.desktop.folder().join("home");
    let saved: Vec<_> = std::fs::read_dir(home)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert!(
        !saved
            .iter()
            .any(|path| path.to_string_lossy().contains("pwned")),
        "{saved:?}"
    );
}

async fn at_home(window: &Window) {
    window.press("nav-audit").await.said();
    window.wait_for("screen-audit").await.said();
}
