//! The files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::{Rng, SeedableRng};

use crate::{Bait, SECRET};

fn ca() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["ca".to_owned()]).unwrap();
    STANDARD.encode(params.self_signed(&key).unwrap().pem())
}

/// A kubeconfig of one context; values are YAML.
fn file(name: &str, cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncontexts:\n- name: {name}\n  context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\n"
    )
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// All of them, each with what it is.
pub fn corpus(bait: &Bait) -> Vec<(String, String)> {
    let ca = ca();
    let (url, program, pipe) = (bait.url(), bait.program(), bait.pipe());
    let (program, pipe) = (program.display().to_string(), pipe.display().to_string());
    let good_cluster = format!("{{server: {url}, certificate-authority-data: {ca}}}");
    let good_user = format!("{{token: {SECRET}}}");
    let good = file("prod", &good_cluster, &good_user);
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, text: String| all.push((format!("{what} #{}", all.len()), text));

    for server in servers(&url) {
        let cluster = format!(
            "{{server: {}, certificate-authority-data: {ca}}}",
            quoted(&server)
        );
        add("server", file("prod", &cluster, &good_user));
    }
    for name in names() {
        add(
            "context name",
            file(&quoted(&name), &good_cluster, &good_user),
        );
        let renamed = good.replace("user: u", &format!("user: {}", quoted(&name)));
        add(
            "user name",
            renamed.replace("- name: u", &format!("- name: {}", quoted(&name))),
        );
        let server_name = format!(
            "{{server: {url}, certificate-authority-data: {ca}, tls-server-name: {}}}",
            quoted(&name)
        );
        add("server name", file("prod", &server_name, &good_user));
    }
    for cluster in [
        "{}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "text".to_owned(),
        format!("{{server: {url}}}"),
        format!("{{server: {url}, insecure-skip-tls-verify: true}}"),
        format!(
            "{{server: {url}, insecure-skip-tls-verify: 'yes', certificate-authority-data: {ca}}}"
        ),
        format!("{{server: {url}, certificate-authority: {pipe}}}"),
        format!("{{server: {url}, certificate-authority: ../../../../etc/shadow}}"),
        format!(
            "{{server: {url}, certificate-authority: {pipe}, certificate-authority-data: {ca}}}"
        ),
        format!("{{server: {url}, certificate-authority-data: '!!!'}}"),
        format!(
            "{{server: {url}, certificate-authority-data: {}}}",
            STANDARD.encode("rubbish")
        ),
        format!(
            "{{server: {url}, certificate-authority-data: {}}}",
            STANDARD.encode([0u8; 4096])
        ),
        format!("{{server: {url}, certificate-authority-data: {ca}, proxy-url: {url}}}"),
        format!(
            "{{server: {url}, certificate-authority-data: {ca}, proxy-url: 'socks5://u:{SECRET}@127.0.0.1:1'}}"
        ),
        format!("{{server: {url}, certificate-authority-data: {ca}, disable-compression: maybe}}"),
        format!(
            "{{server: {url}, certificate-authority-data: {ca}, extensions: [{{name: e, extension: {{token: {SECRET}}}}}]}}"
        ),
        format!("{{server: [{url}], certificate-authority-data: {ca}}}"),
    ] {
        add("cluster", file("prod", &cluster, &good_user));
    }
    for user in users(&program, &pipe) {
        add("user", file("prod", &good_cluster, &user));
    }
    for text in shapes(&good, &url, &ca) {
        add("shape", text);
    }
    // Cut off anywhere, and with any byte changed: seeded, so that a failure comes again.
    for end in (1..good.len()).step_by(good.len() / 24) {
        add("cut off", good.chars().take(end).collect());
    }
    let mut random = rand::rngs::StdRng::seed_from_u64(20_261_121);
    for _ in 0..40 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..random.random_range(1..8) {
            let place = random.random_range(0..bytes.len());
            bytes[place] = random.random();
        }
        add(
            "bytes changed",
            String::from_utf8_lossy(&bytes).into_owned(),
        );
    }
    for length in [1, 16, 256, 4096, 65_536] {
        let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
        add("junk", String::from_utf8_lossy(&bytes).into_owned());
    }
    all
}

fn servers(url: &str) -> Vec<String> {
    let port = url.rsplit(':').next().unwrap();
    [
        "",
        " ",
        "http://127.0.0.1:PORT",
        "127.0.0.1:PORT",
        "ftp://127.0.0.1:PORT",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://:PORT",
        "https://127.0.0.1:99999",
        "https://127.0.0.1:-1",
        "https://user:hunter2-secret@127.0.0.1:PORT",
        "https://127.0.0.1:PORT/?token=hunter2-secret",
        "https://127.0.0.1:PORT/#hunter2-secret",
        "https://127.0.0.1:PORT/../../x",
        "https://127.0.0.1:PORT\n",
        "https://127.0.0.1\u{0}:PORT",
        "https://\u{202e}1.0.0.721:PORT",
        "https://127.0.0.1\u{200b}:PORT",
        "https://пример.рф",
        "https://xn--e1afmkfd.xn--p1ai",
        "https://[::1",
        "https://[::1]:PORT",
        "https://127.1:PORT",
        "https://0x7f.0.0.1:PORT",
        "https://2130706433:PORT",
        "HTTPS://127.0.0.1:PORT",
        "https:\\\\127.0.0.1:PORT",
        "https://127.0.0.1:PORT\\@example.com",
        "unix:///var/run/docker.sock",
        "data:text/plain,x",
        "https://\u{1b}[31mred",
    ]
    .map(|server| server.replace("PORT", port))
    .into_iter()
    .chain(["https://".to_owned() + &"a".repeat(100_000)])
    .collect()
}

fn names() -> Vec<String> {
    let long = "长".repeat(50_000);
    [
        "",
        " ",
        ".",
        "..",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "C:\\x",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\u{0}b",
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "prod\u{202e}dorp",
        "\u{2066}x\u{2069}",
        "pr\u{200b}od",
        "\u{feff}prod",
        "prоd",
        "<img src=x onerror=alert(1)>",
        "{{7*7}}",
        "${HOME}",
        "`touch x`",
        "$(touch x)",
        "; rm -rf /",
        "%00",
        "👩‍👩‍👧‍👦",
        "e\u{301}\u{301}\u{301}\u{301}",
        "\u{e0001}\u{e0041}",
        "\u{ad}soft",
        "\u{2028}line",
        long.as_str(),
    ]
    .map(str::to_owned)
    .into()
}

fn users(program: &str, pipe: &str) -> Vec<String> {
    let exec = |rest: &str| {
        format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {program}{rest}}}}}"
        )
    };
    vec![
        "{}".to_owned(), "null".to_owned(), "[]".to_owned(), "7".to_owned(),
        format!("{{tokenFile: {pipe}}}"), format!("{{token: {SECRET}, tokenFile: {pipe}}}"),
        format!("{{client-certificate: {pipe}, client-key: {pipe}}}"),
        "{client-certificate-data: '!!!', client-key-data: '!!!'}".to_owned(),
        format!("{{client-certificate-data: {0}, client-key-data: {0}}}", STANDARD.encode(SECRET)),
        format!("{{client-key-data: {}}}", STANDARD.encode(SECRET)),
        format!("{{username: admin, password: {SECRET}}}"), format!("{{password: {SECRET}}}"), "{username: admin}".to_owned(),
        format!("{{token: {SECRET}, as: root}}"), format!("{{token: {SECRET}, as-groups: [system:masters]}}"),
        format!("{{token: {SECRET}, as-user-extra: {{a: [b]}}}}"), format!("{{token: ' {SECRET} '}}"), format!("{{token: \"{SECRET}\\n\"}}"),
        format!("{{token: [{SECRET}]}}"), format!("{{token: {{a: {SECRET}}}}}"), "{token: ''}".to_owned(),
        exec(""), exec(", args: [get-token]"), exec(", args: [-c, 'touch x']"), exec(", args: ['\u{1b}[31m', \"\\u202e\"]"),
        exec(&format!(", env: [{{name: TOKEN, value: {SECRET}}}]")), exec(", env: [{name: LD_PRELOAD, value: /tmp/x.so}]"),
        exec(", env: [{name: '', value: x}]"), exec(", env: [{name: 'A=B', value: x}]"), exec(", env: {A: b}"), exec(", installHint: '\u{1b}]0;x\u{7}'"),
        exec(", provideClusterInfo: true"), exec(", interactiveMode: Always").replace("interactiveMode: Never, ", ""),
        exec("").replace("Never", "Sometimes"), exec("").replace("k8s.io/v1", "k8s.io/v1alpha1"), exec("").replace("k8s.io/v1", "k8s.io/v9"),
        format!("{{token: {SECRET}, exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {program}}}}}"),
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, 'curl -s http://10.0.8.3/tok | base64 -d']}}".to_owned(),
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./program}}".to_owned(),
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ../program}}".to_owned(),
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ''}}".to_owned(),
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}".to_owned(),
        "{exec: {}}".to_owned(), "{exec: []}".to_owned(), "{exec: /bin/true}".to_owned(),
        format!("{{auth-provider: {{name: gcp, config: {{cmd-path: {program}, cmd-args: x, access-token: {SECRET}}}}}}}"),
        format!("{{auth-provider: {{name: oidc, config: {{idp-issuer-url: 'https://127.0.0.1:1', refresh-token: {SECRET}}}}}}}"),
        "{auth-provider: {}}".to_owned(),
    ]
}

fn shapes(good: &str, url: &str, ca: &str) -> Vec<String> {
    let twice = |list: &str| {
        let at = good.find(list).unwrap();
        let rest = &good[at + list.len()..];
        let entry = rest
            .split("\n")
            .take_while(|line| line.is_empty() || line.starts_with(['-', ' ']));
        let entry: Vec<&str> = entry.collect();
        good.replace(list, &format!("{list}{}", entry.join("\n")))
    };
    vec![
        String::new(),
        "\n\n\n".to_owned(),
        "---\n".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        "contexts: []\nclusters: []\nusers: []\n".to_owned(),
        "contexts: null\n".to_owned(),
        "contexts: {}\n".to_owned(),
        "contexts: [null]\n".to_owned(),
        "contexts: [[]]\n".to_owned(),
        "contexts: [{}]\n".to_owned(),
        twice("contexts:\n"),
        twice("clusters:\n"),
        twice("users:\n"),
        good.replace("users:", "usrs:"),
        good.replace("clusters:", "clstrs:"),
        good.replace("cluster: c,", "cluster: other,"),
        good.replace("user: u", "user: other"),
        good.replace("kind: Config", "kind: Secret"),
        good.replace("apiVersion: v1", "apiVersion: v9"),
        format!("{good}{good}"),
        format!("{good}---\n{good}"),
        format!("\u{feff}{good}"),
        good.replace('\n', "\r\n"),
        good.replace('\n', "\r"),
        format!("{good}current-context: \"\\e[31m\"\n"),
        format!("{good}current-context: nowhere\n"),
        format!("{good}preferences: {{colors: true}}\n"),
        format!("{good}unknown: {{a: [1, 2, {{b: {SECRET}}}]}}\n"),
        format!("!!python/object:os.system [x]\n{good}"),
        format!("%YAML 9.9\n---\n{good}"),
        format!("a: &a [*a]\n{good}"),
        format!("{good}x: {}1{}\n", "[".repeat(5000), "]".repeat(5000)),
        format!("{good}# {}\n", "x".repeat(900_000)),
        format!("{good}x: {}\n", "y".repeat(3 << 20)),
        good.replace("token:", "token: &t"),
        good.replace("{token", "&u {token"),
        format!(
            "contexts:\n{}clusters:\n- name: c\n  cluster: {{server: {url}, certificate-authority-data: {ca}}}\nusers: []\n",
            (0..5000)
                .map(|n| format!("- name: c{n}\n  context: {{cluster: c, user: u}}\n"))
                .collect::<String>()
        ),
        format!(
            "{{\"contexts\": [{{\"name\": \"prod\", \"context\": {{\"cluster\": \"c\", \"user\": \"u\"}}}}], \"clusters\": [{{\"name\": \"c\", \"cluster\": {{\"server\": \"{url}\"}}}}], \"users\": []}}"
        ),
    ]
}
