//! HTTP probes (sop G3): one GET, as a stranger would send it.

use std::time::Duration;

use async_trait::async_trait;
use domain::{FactValue, HttpProbe, ProbeTrouble};
use engine::ports::Probe;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use tokio::sync::OnceCell;

/// Bounds of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long everything may take, from the name to the last byte that is read.
    pub time: Duration,
    /// How many bytes of a body are read at most.
    pub body: usize,
    /// How many characters of a body are kept.
    pub kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(10),
            body: 256 * 1024,
            kept: 200,
        }
    }
}

/// Sends probes. There are no credentials, no cookies, no proxy and no redirect in it: the answer is that
/// of the address that the workspace names, or none. Certificates are verified by the system's roots.
pub struct HttpProbes {
    limits: Limits,
    client: OnceCell<Client>,
}

impl HttpProbes {
    /// Nothing is opened before the first probe.
    pub fn new(limits: Limits) -> Self {
        HttpProbes {
            limits,
            client: OnceCell::new(),
        }
    }

    async fn client(&self) -> Result<&Client, reqwest::Error> {
        self.client
            .get_or_try_init(|| async {
                // The program's one TLS provider. Installed already wherever the program itself runs.
                let _ = rustls::crypto::ring::default_provider().install_default();
                Client::builder()
                    .redirect(Policy::none())
                    .no_proxy()
                    .referer(false)
                    // Each probe is about now: no connection from before.
                    .pool_max_idle_per_host(0)
                    .user_agent(concat!("pilothouse/", env!("CARGO_PKG_VERSION")))
                    .build()
            })
            .await
    }

    async fn ask(&self, probe: &HttpProbe) -> Result<FactValue, Silence> {
        let url = Url::parse(&probe.url).map_err(|why| Silence {
            trouble: ProbeTrouble::Broken,
            said: why.to_string(),
        })?;
        let client = self.client().await.map_err(silence)?;
        let answer = client.get(url).send().await.map_err(silence)?;
        let status = answer.status().as_u16();
        let wanted = probe.contains.as_deref().map(str::as_bytes);
        let body = self.read(answer, wanted).await?;
        Ok(FactValue::HttpAnswer {
            status,
            contains: wanted.map(|wanted| has(&body.bytes, wanted)),
            text: printable(&body.bytes, self.limits.kept),
            more: body.more,
        })
    }

    /// Reads until the bound, or until the text was found and there is enough to show.
    async fn read(&self, mut answer: Response, wanted: Option<&[u8]>) -> Result<Body, Silence> {
        let mut bytes: Vec<u8> = Vec::new();
        // A character has four bytes at most.
        let shown = self.limits.kept.saturating_mul(4);
        while let Some(chunk) = answer.chunk().await.map_err(silence)? {
            let room = self.limits.body.saturating_sub(bytes.len());
            let cut = chunk.len() > room;
            bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            let found = wanted.is_none_or(|wanted| has(&bytes, wanted));
            if cut || (found && bytes.len() >= shown) {
                return Ok(Body { bytes, more: true });
            }
        }
        Ok(Body { bytes, more: false })
    }
}

impl Default for HttpProbes {
    fn default() -> Self {
        HttpProbes::new(Limits::default())
    }
}

#[async_trait]
impl Probe for HttpProbes {
    async fn http(&self, probe: &HttpProbe) -> FactValue {
        let asked = tokio::time::timeout(self.limits.time, self.ask(probe)).await;
        let silence = match asked {
            Ok(Ok(answer)) => return answer,
            Ok(Err(silence)) => silence,
            Err(_) => Silence {
                trouble: ProbeTrouble::Late,
                said: format!("{} s", self.limits.time.as_secs_f32()),
            },
        };
        FactValue::HttpSilence {
            trouble: silence.trouble,
            said: silence.said,
        }
    }
}

struct Body {
    bytes: Vec<u8>,
    /// Whether more came, or may have come, than was read.
    more: bool,
}

struct Silence {
    trouble: ProbeTrouble,
    said: String,
}

fn has(body: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && body.windows(wanted.len()).any(|part| part == wanted)
}

/// The first characters on one line. What cannot be shown is left out; a body is hostile.
fn printable(bytes: &[u8], most: usize) -> String {
    let head = bytes.get(..most.saturating_mul(4)).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = words.chars().filter(|c| !c.is_control());
    shown.take(most).collect()
}

fn silence(error: reqwest::Error) -> Silence {
    let chain = chain(&error);
    let trouble = if error.is_timeout() {
        ProbeTrouble::Late
    } else if certificate(&error) {
        ProbeTrouble::NotTrusted
    } else if error.is_connect() {
        ProbeTrouble::NoConnection
    } else {
        ProbeTrouble::Broken
    };
    Silence {
        trouble,
        said: printable(chain.as_bytes(), 200),
    }
}

/// The innermost reasons say most; the outer ones repeat the address.
fn chain(error: &reqwest::Error) -> String {
    let mut said = Vec::new();
    let mut inner = std::error::Error::source(error);
    while let Some(one) = inner {
        let words = one.to_string();
        if !said.contains(&words) {
            said.push(words);
        }
        inner = one.source();
    }
    said.join(": ")
}

/// Whether TLS itself says that the certificate is the trouble.
fn certificate(error: &reqwest::Error) -> bool {
    let mut inner = std::error::Error::source(error);
    while let Some(one) = inner {
        if let Some(rustls::Error::InvalidCertificate(_)) = tls(one) {
            return true;
        }
        inner = one.source();
    }
    false
}

/// The error of TLS that this one is or wraps. Errors of an IO kind hide what they wrap from `source`.
fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref::<rustls::Error>().or_else(|| {
        let wrapped = error.downcast_ref::<std::io::Error>()?.get_ref()?;
        tls(wrapped)
    })
}
