//! Holding a write on purpose, so that whoever sent it can be disturbed at that very moment.

use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// When a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has been received, and nothing of it is carried out.
    Received,
    /// It has been carried out, not refused, and nothing is answered.
    CarriedOut,
}

/// A request that is to be held, or is.
#[derive(Debug)]
pub struct Held {
    arrived: oneshot::Receiver<()>,
    go: oneshot::Sender<Then>,
}

/// What becomes of a held request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    GoesOn,
    AnswerLost,
}

impl Held {
    /// Waits until a request is held. False when the cluster ended before.
    pub async fn arrived(&mut self) -> bool {
        (&mut self.arrived).await.is_ok()
    }

    /// Lets it go on; so does dropping this.
    pub fn let_go(self) {
        // Nobody waits when no request has come.
        let _ = self.go.send(Then::GoesOn);
    }

    /// Lets it go on, and closes the connection instead of answering.
    pub fn lose_answer(self) {
        let _ = self.go.send(Then::AnswerLost);
    }
}

/// The cluster's side of it.
#[derive(Debug)]
pub(crate) struct Hold {
    verb: String,
    resource: String,
    moment: Moment,
    arrived: oneshot::Sender<()>,
    go: oneshot::Receiver<Then>,
}

impl Hold {
    /// Tells that the request is here, and waits until it may go on.
    pub(crate) async fn wait(self) -> Then {
        let _ = self.arrived.send(());
        self.go.await.unwrap_or(Then::GoesOn)
    }
}

/// What is to be held.
#[derive(Debug, Default)]
pub(crate) struct Holds(Mutex<Vec<Hold>>);

impl Holds {
    /// The next write of a resource will be held.
    pub(crate) fn add(&self, verb: &str, resource: &str, moment: Moment) -> Held {
        let (arrived, has_arrived) = oneshot::channel();
        let (let_go, go) = oneshot::channel();
        let hold = Hold {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            moment,
            arrived,
            go,
        };
        self.lock().push(hold);
        Held {
            arrived: has_arrived,
            go: let_go,
        }
    }

    /// Whether a request may have to be held.
    pub(crate) fn has(&self, verb: &str, resource: &str) -> bool {
        let holds = self.lock();
        let mut holds = holds.iter();
        holds.any(|hold| hold.verb == verb && hold.resource == resource)
    }

    /// The hold for this request, if there is one; it is used up.
    pub(crate) fn take(&self, verb: &str, resource: &str, moment: Moment) -> Option<Hold> {
        let mut holds = self.lock();
        // Whoever gave up on one wants nothing held any more.
        holds.retain(|hold| !hold.arrived.is_closed());
        let fits =
            |hold: &Hold| hold.verb == verb && hold.resource == resource && hold.moment == moment;
        let at = holds.iter().position(fits)?;
        Some(holds.remove(at))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Hold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
