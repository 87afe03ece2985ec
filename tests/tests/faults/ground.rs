//! Clusters that stories take turns on. A story has its cluster for itself, since it may kill parts of
//! it, and gives it back whole; a story that failed does not, and the next one gets a new cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use acceptance::world::{Caller, MODULE, Site};
use controlplane::{Behaviour, ControlPlane, Image, Options};
use tokio::sync::Mutex;

/// Clusters at once: one for each core of the smallest machine that this has to run on.
pub const AT_ONCE: usize = 2;

/// All have one name, as clusters of two data centres may.
const NAME: &str = "bj-dev-01";

pub const OLD: &str = "1.15.3";
pub const NEW: &str = "1.15.4";
/// A version that somebody else puts there by hand.
pub const THEIRS: &str = "1.15.9";

/// What a story plays on.
pub struct Ground {
    pub site: Arc<Site>,
    /// A namespace that nobody else uses.
    pub namespace: String,
}

/// The clusters that nobody plays on just now.
pub struct Grounds {
    free: Mutex<Vec<Arc<Site>>>,
    stories: AtomicU32,
}

impl Grounds {
    pub async fn prepare() -> Grounds {
        let planes = tokio::task::spawn_blocking(|| {
            ControlPlane::start_all((0..AT_ONCE).map(|_| options()))
        });
        let planes = planes.await.unwrap().unwrap();
        let sites = planes.into_iter().map(|plane| Arc::new(Site::real(plane)));
        Grounds {
            free: Mutex::new(sites.collect()),
            stories: AtomicU32::new(0),
        }
    }

    pub async fn take(&self) -> Ground {
        let free = self.free.lock().await.pop();
        let site = match free {
            Some(site) => site,
            None => Arc::new(start().await),
        };
        let number = self.stories.fetch_add(1, Ordering::SeqCst);
        Ground {
            site,
            namespace: format!("story-{number}"),
        }
    }

    /// Takes a cluster back. Its namespace goes by itself, while the next story begins.
    pub async fn give_back(&self, ground: Arc<Ground>, whole: bool) {
        if whole {
            let arguments = [
                "delete",
                "namespace",
                &ground.namespace,
                "--wait=false",
                "--request-timeout=30s",
            ];
            let output = ground.site.kubectl(Caller::Admin, &arguments, "").await;
            assert!(output.status.success(), "{output:?}");
            self.free.lock().await.push(ground.site.clone());
            return;
        }
        // A story that was given up may still hold it; its end then comes with the last of them.
        if let Some(ground) = Arc::into_inner(ground)
            && let Some(site) = Arc::into_inner(ground.site)
        {
            site.end().await;
        }
    }

    pub async fn end(self) {
        for site in self.free.into_inner() {
            Arc::into_inner(site).expect("nobody else").end().await;
        }
    }
}

async fn start() -> Site {
    let starting = tokio::task::spawn_blocking(|| ControlPlane::start(options()));
    Site::real(starting.await.unwrap().unwrap())
}

/// One more cluster of the same name, which lets in whom the other one lets in.
pub async fn start_twin(of: &Arc<Site>) -> Site {
    let of = of.clone();
    let starting = tokio::task::spawn_blocking(move || {
        ControlPlane::start(options().with_tokens_of(of.control_plane()))
    });
    Site::real(starting.await.unwrap().unwrap())
}

fn options() -> Options {
    let images = [OLD, NEW, THEIRS].map(|version| {
        let version = version.to_owned();
        let reference = format!("pilothouse.example/{MODULE}:{version}");
        Image::new(reference, Behaviour::Serves { version })
    });
    Options::named(NAME).with_images(images)
}
