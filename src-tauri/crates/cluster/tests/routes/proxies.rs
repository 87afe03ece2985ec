//! Proxies as they are in the world: HTTP CONNECT, the same over TLS, and SOCKS5.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub const USER: &str = "jump user";
pub const PASSWORD: &str = "p@ss:word";

/// What a proxy was asked for, and whether it let it through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub to: String,
    pub let_through: bool,
}

#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
pub enum Kind {
    Connect,
    ConnectOverTls(Arc<ServerConfig>),
    Socks5,
}

impl Proxy {
    /// Asks for user and password with `login`.
    pub async fn start(kind: Kind, login: bool) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (proxy, kind) = (serving.clone(), kind.clone());
                tokio::spawn(async move {
                    match kind {
                        Kind::Connect => proxy.connect(stream, login).await,
                        Kind::ConnectOverTls(tls) => {
                            match TlsAcceptor::from(tls).accept(stream).await {
                                Ok(stream) => proxy.connect(stream, login).await,
                                Err(_) => None,
                            }
                        }
                        Kind::Socks5 => proxy.socks5(stream, login).await,
                    }
                });
            }
        });
        proxy
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, to: &str, let_through: bool) {
        self.asked.lock().unwrap().push(Asked {
            to: to.to_owned(),
            let_through,
        });
    }

    async fn connect<S>(&self, mut stream: S, login: bool) -> Option<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let to = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
        let expected = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let header = format!("proxy-authorization: basic {}", expected.to_lowercase());
        let allowed = !login || head.to_lowercase().contains(&header);
        self.note(&to, allowed);
        if !allowed {
            let refusal =
                b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refusal).await.ok()?;
            return None;
        }
        let mut upstream = TcpStream::connect(&to).await.ok()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
        tokio::io::copy_bidirectional(&mut stream, &mut upstream)
            .await
            .ok()?;
        Some(())
    }

    /// RFC 1928, and RFC 1929 for user and password.
    async fn socks5(&self, mut stream: TcpStream, login: bool) -> Option<()> {
        let mut greeting = [0u8; 2];
        stream.read_exact(&mut greeting).await.ok()?;
        let mut methods = vec![0u8; usize::from(greeting[1])];
        stream.read_exact(&mut methods).await.ok()?;
        let method = if login { 2 } else { 0 };
        if !methods.contains(&method) {
            self.note("", false);
            stream.write_all(&[5, 0xff]).await.ok()?;
            return None;
        }
        stream.write_all(&[5, method]).await.ok()?;
        if login {
            let _version = stream.read_u8().await.ok()?;
            let user = text(&mut stream).await?;
            let password = text(&mut stream).await?;
            let allowed = user == USER && password == PASSWORD;
            stream.write_all(&[1, u8::from(!allowed)]).await.ok()?;
            if !allowed {
                self.note("", false);
                return None;
            }
        }
        let mut request = [0u8; 4];
        stream.read_exact(&mut request).await.ok()?;
        let host = match request[3] {
            1 => {
                let mut address = [0u8; 4];
                stream.read_exact(&mut address).await.ok()?;
                std::net::Ipv4Addr::from(address).to_string()
            }
            3 => text(&mut stream).await?,
            _ => return None,
        };
        let port = stream.read_u16().await.ok()?;
        let to = format!("{host}:{port}");
        self.note(&to, true);
        let mut upstream = TcpStream::connect(&to).await.ok()?;
        let granted = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        stream.write_all(&granted).await.ok()?;
        tokio::io::copy_bidirectional(&mut stream, &mut upstream)
            .await
            .ok()?;
        Some(())
    }
}

async fn text(stream: &mut TcpStream) -> Option<String> {
    let length = stream.read_u8().await.ok()?;
    let mut text = vec![0u8; usize::from(length)];
    stream.read_exact(&mut text).await.ok()?;
    String::from_utf8(text).ok()
}
