use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use engine::ports::VaultFailure;
use tokio::sync::oneshot;

use crate::Limits;
use crate::items::Items;

type Work = Box<dyn FnOnce(&mut Items) + Send>;
type Open = Box<dyn Fn() -> Items + Send + Sync>;

/// The one thread that talks to the keychain. Keychains block, may hang behind a prompt, and some
/// dislike more than one caller; nobody else waits for them but here. The thread is not joined at
/// the end of the program: it may be hanging just then.
pub(crate) struct Keychain {
    open: std::sync::Arc<Open>,
    work: Mutex<Option<Sender<Work>>>,
    limits: Limits,
}

impl Keychain {
    /// Nothing is opened before the first call, so that an early failure does not stick.
    pub(crate) fn new(limits: Limits, open: impl Fn() -> Items + Send + Sync + 'static) -> Self {
        Keychain {
            open: std::sync::Arc::new(Box::new(open)),
            work: Mutex::new(None),
            limits,
        }
    }

    /// Does something with the items, one caller at a time, within the bound. Work that has not
    /// begun when its caller gives up is never done.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Items) -> Result<T, VaultFailure> + Send + 'static,
    ) -> Result<T, VaultFailure> {
        let (answer, result) = oneshot::channel();
        let deadline = Instant::now() + self.limits.call;
        self.hand_over(Box::new(move |items| {
            if !answer.is_closed() {
                items.until(deadline);
                let _ = answer.send(work(items));
            }
        }))?;
        match tokio::time::timeout(self.limits.call + self.limits.grace, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(VaultFailure::Broken(
                "the keychain's thread ended".to_owned(),
            )),
            Err(_) => Err(late(self.limits)),
        }
    }

    fn hand_over(&self, work: Work) -> Result<(), VaultFailure> {
        let mut sender = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        // The thread ends only if a keychain library panics; then a new one takes over.
        let work = match sender.as_ref() {
            Some(alive) => match alive.send(work) {
                Ok(()) => return Ok(()),
                Err(refused) => refused.0,
            },
            None => work,
        };
        let (fresh, waiting) = channel();
        let open = std::sync::Arc::clone(&self.open);
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || serve((*open)(), &waiting))
            .map_err(|error| {
                VaultFailure::Broken(format!("no thread for the keychain: {error}"))
            })?;
        let ended = |_| VaultFailure::Broken("the keychain's thread ended".to_owned());
        fresh.send(work).map_err(ended)?;
        *sender = Some(fresh);
        Ok(())
    }
}

fn serve(mut items: Items, waiting: &Receiver<Work>) {
    while let Ok(work) = waiting.recv() {
        work(&mut items);
    }
}

/// The keychain did not answer in time.
fn late(limits: Limits) -> VaultFailure {
    VaultFailure::Timeout {
        seconds: limits.seconds(),
    }
}
