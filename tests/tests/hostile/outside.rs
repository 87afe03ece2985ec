//! Outside: somebody on this machine who listens, and to whom nothing may ever be said.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A listener that counts who comes.
pub struct Outside {
    address: SocketAddr,
    came: Arc<AtomicUsize>,
    spoke: Arc<AtomicUsize>,
    listening: tokio::task::JoinHandle<()>,
}

impl Outside {
    pub async fn listen() -> Outside {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::new(AtomicUsize::new(0));
        let spoke = Arc::new(AtomicUsize::new(0));
        let (coming, speaking) = (came.clone(), spoke.clone());
        let listening = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                coming.fetch_add(1, Ordering::SeqCst);
                let speaking = speaking.clone();
                tokio::spawn(async move {
                    if stream.read_u8().await.is_ok() {
                        speaking.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Outside {
            address,
            came,
            spoke,
            listening,
        }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many said something.
    pub fn spoke(&self) -> usize {
        self.spoke.load(Ordering::SeqCst)
    }

    /// How many connections there were.
    pub fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[tokio::test]
async fn whoever_comes_is_counted() {
    let outside = Outside::listen().await;
    assert_eq!(outside.came(), 0);
    let mut caller = tokio::net::TcpStream::connect(outside.address)
        .await
        .unwrap();
    caller.write_all(b"GET").await.unwrap();
    let seen = acceptance::desktop::until(std::time::Duration::from_secs(5), async || {
        Ok::<_, std::convert::Infallible>(
            (outside.came() == 1 && outside.spoke() == 1).then_some(()),
        )
    });
    assert!(seen.await.unwrap().is_some());
}
