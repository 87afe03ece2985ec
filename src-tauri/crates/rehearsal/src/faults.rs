//! Scripted faults: what goes wrong, when, and how often.

use std::time::Duration;

/// Something that goes wrong on purpose. `verb` and `resource` may be `*`; verbs are the API's
/// (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`), resources are plurals.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Containers whose image contains this text exit 1 shortly after their start.
    CrashLoop {
        /// Part of the image reference.
        image_contains: String,
    },
    /// Containers whose image contains this text take longer to become ready.
    SlowStart {
        /// Part of the image reference.
        image_contains: String,
        /// Added to the time from running to ready.
        extra: Duration,
    },
    /// Images that contain this text cannot be pulled (ErrImagePull, then ImagePullBackOff).
    ImagePull {
        /// Part of the image reference.
        image_contains: String,
    },
    /// The next requests get 429 with a `Retry-After` header; they are not carried out.
    TooManyRequests {
        /// Verb or `*`.
        verb: String,
        /// Plural or `*`.
        resource: String,
        /// How many requests.
        times: u32,
        /// Sent in whole seconds.
        retry_after: Duration,
    },
    /// The next requests get 503; they are not carried out.
    Unavailable {
        /// Verb or `*`.
        verb: String,
        /// Plural or `*`.
        resource: String,
        /// How many requests.
        times: u32,
    },
    /// The next watch breaks off after this many events, without a final chunk.
    DropWatch {
        /// Plural or `*`.
        resource: String,
        /// Events delivered before the break.
        after_events: u32,
    },
    /// The next requests **are** carried out, then the connection is closed without an answer.
    LoseResponse {
        /// Verb or `*`.
        verb: String,
        /// Plural or `*`.
        resource: String,
        /// How many requests.
        times: u32,
    },
    /// The next writes get 409 "the object has been modified"; they are not carried out.
    Conflict {
        /// Verb or `*`.
        verb: String,
        /// Plural or `*`.
        resource: String,
        /// How many requests.
        times: u32,
    },
    /// The next watch from a resourceVersion gets 410.
    ExpireWatch {
        /// Plural or `*`.
        resource: String,
    },
}

/// What befalls one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mishap {
    TooMany(Duration),
    Unavailable,
    Lost,
    Conflict,
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Faults(faults)
    }

    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn crashes(&self, image: &str) -> bool {
        self.0.iter().any(|fault| matches!(fault, Fault::CrashLoop { image_contains } if image.contains(image_contains)))
    }

    pub(crate) fn cannot_pull(&self, image: &str) -> bool {
        self.0.iter().any(|fault| matches!(fault, Fault::ImagePull { image_contains } if image.contains(image_contains)))
    }

    pub(crate) fn slowness(&self, image: &str) -> Duration {
        self.0
            .iter()
            .filter_map(|fault| match fault {
                Fault::SlowStart {
                    image_contains,
                    extra,
                } if image.contains(image_contains) => Some(*extra),
                _ => None,
            })
            .sum()
    }

    /// The first fault that meets this request; its count goes down.
    pub(crate) fn strike(&mut self, verb: &str, resource: &str) -> Option<Mishap> {
        let hits = |v: &str, r: &str| (v == "*" || v == verb) && (r == "*" || r == resource);
        for fault in &mut self.0 {
            let (times, mishap) = match fault {
                Fault::TooManyRequests {
                    verb,
                    resource,
                    times,
                    retry_after,
                } if hits(verb, resource) => (times, Mishap::TooMany(*retry_after)),
                Fault::Unavailable {
                    verb,
                    resource,
                    times,
                } if hits(verb, resource) => (times, Mishap::Unavailable),
                Fault::LoseResponse {
                    verb,
                    resource,
                    times,
                } if hits(verb, resource) => (times, Mishap::Lost),
                Fault::Conflict {
                    verb,
                    resource,
                    times,
                } if hits(verb, resource) => (times, Mishap::Conflict),
                _ => continue,
            };
            if *times > 0 {
                *times -= 1;
                return Some(mishap);
            }
        }
        None
    }

    /// After how many events the watch that begins now breaks off.
    pub(crate) fn take_drop(&mut self, plural: &str) -> Option<u32> {
        let at = self.0.iter().position(|fault| {
            matches!(fault, Fault::DropWatch { resource, .. } if resource == "*" || resource == plural)
        })?;
        match self.0.remove(at) {
            Fault::DropWatch { after_events, .. } => Some(after_events),
            _ => None,
        }
    }

    /// Whether the watch that begins now finds its revision expired.
    pub(crate) fn take_expiry(&mut self, plural: &str) -> bool {
        let at = self.0.iter().position(|fault| {
            matches!(fault, Fault::ExpireWatch { resource } if resource == "*" || resource == plural)
        });
        at.map(|at| self.0.remove(at)).is_some()
    }
}
