//! Given: three clusters with the old versions on them, the example workspace, three people.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{PersonId, ReleaseId, ReleasePlan};
use engine::ports::Vault;
use rehearsal::{ClusterSpec, Fault, Pace};
use secrecy::SecretString;
use tempfile::TempDir;
use vault::fixture::SecretService;
use vault::{KeychainVault, Options, Stretch};
use workspace::{Opened, ReleaseDraft, example};

use super::session::{quick_cluster, quick_engine};
use super::{Caller, Ground, Notices, Session, Site, StoryClock, alone};

/// In every token of the rehearsal clusters, so that a leak can be looked for.
pub const SECRET: &str = "hush-a81f2c";

const PASSPHRASE: &str = "correct horse battery";

/// The clusters of the example, in pipeline order.
pub const CLUSTERS: [&str; 3] = ["bj-dev-01", "sz-prod-01", "bj-prod-01"];

/// What a story begins with.
pub struct Given {
    /// How fast pods of rehearsal clusters move.
    pub pace: Pace,
    /// Faults in force from the start, on every rehearsal cluster.
    pub faults: Vec<Fault>,
    /// Bounds of the engine and of the adapter.
    pub limits: (engine::Limits, cluster::Limits),
    /// Replacements in the workspace's `pilothouse.yaml`: text there, text instead.
    pub edits: Vec<(&'static str, &'static str)>,
    /// Whether the old versions were applied by Pilothouse itself, so that no field is another's.
    pub ours: bool,
    /// Who is in the imported contexts.
    pub caller: Caller,
    /// Leaves one environment with one module, in this namespace: stories can share a cluster then.
    pub alone_in: Option<String>,
    /// URL and authority of what stands in front of the first cluster, for the imported context.
    pub through: Option<(String, String)>,
    /// More replacements: text in the manifests of the workspace, text instead.
    pub manifests: Vec<(&'static str, &'static str)>,
}

impl Default for Given {
    fn default() -> Self {
        Given {
            pace: Pace::instant(),
            faults: Vec::new(),
            limits: (quick_engine(), quick_cluster()),
            edits: vec![("stableSeconds: 3", "stableSeconds: 0")],
            ours: false,
            caller: Caller::Operator,
            alone_in: None,
            through: None,
            manifests: Vec::new(),
        }
    }
}

/// Everything a story plays in. Two people cannot share one.
pub struct World {
    pub(super) sites: BTreeMap<String, Arc<Site>>,
    pub(super) folder: TempDir,
    /// Environment, cluster and namespace, in pipeline order; read once, it takes its time.
    places: Vec<(String, String, String)>,
    pub(super) session: Option<Session>,
    pub(super) vault: Option<Arc<dyn Vault>>,
    /// A clock that the story can put forward.
    pub clock: StoryClock,
    /// What the desktop was told.
    pub notices: Notices,
    /// The release that the story is about.
    pub release: ReleaseId,
    pub(super) plan: Option<ReleasePlan>,
    limits: (engine::Limits, cluster::Limits),
    keyring: SecretService,
    profile: String,
    /// The namespace of a story that shares its cluster.
    alone_in: Option<String>,
}

impl Given {
    /// On three rehearsal clusters. None, loudly, where there is no keyring to test with.
    pub async fn rehearsed(self) -> Option<World> {
        let keyring = keyring().await?;
        let mut sites = Vec::new();
        for (seed, name) in CLUSTERS.into_iter().enumerate() {
            let mut spec = ClusterSpec::new(name, seed as u64 + 1);
            spec.pace = self.pace.clone();
            spec.faults = self.faults.clone();
            // What was really written is looked up in what was sent.
            spec.keep_bodies = true;
            sites.push(Arc::new(Site::rehearsal(spec, SECRET).await));
        }
        Some(self.on(sites, keyring).await)
    }

    /// On clusters that are there already. None, loudly, where there is no keyring to test with.
    pub async fn real(self, sites: Vec<Site>) -> Option<World> {
        self.shared(sites.into_iter().map(Arc::new).collect()).await
    }

    /// The same on clusters that outlive the story. What it leaves there is its own to remove.
    pub async fn shared(self, sites: Vec<Arc<Site>>) -> Option<World> {
        let keyring = keyring().await?;
        Some(self.on(sites, keyring).await)
    }

    async fn on(self, sites: Vec<Arc<Site>>, keyring: SecretService) -> World {
        let folder = TempDir::with_prefix("pilothouse-story-").expect("a folder");
        let home = folder.path().join("workspace");
        example::write_to(&home).expect("the example");
        let file = home.join("pilothouse.yaml");
        let mut text = std::fs::read_to_string(&file).expect("pilothouse.yaml");
        for (from, to) in &self.edits {
            assert!(text.contains(from), "{from} is not in the example");
            text = text.replace(from, to);
        }
        std::fs::write(&file, text).expect("pilothouse.yaml");
        if let Some(namespace) = &self.alone_in {
            alone::narrow(&home, namespace);
        }
        alone::rewrite(&home.join("modules"), &self.manifests);
        let opened = workspace::read(&home).expect("a workspace");
        let environments = opened
            .workspace
            .stages
            .into_iter()
            .flat_map(|s| s.environments);
        let places = environments
            .map(|e| (e.id.to_string(), e.cluster, e.namespace))
            .collect();
        let mut world = World {
            sites: sites
                .into_iter()
                .map(|site| (site.name().to_owned(), site))
                .collect(),
            folder,
            places,
            session: None,
            vault: None,
            clock: StoryClock::default(),
            notices: Notices::default(),
            release: ReleaseId::new("REL-20260915-01"),
            plan: None,
            limits: self.limits,
            keyring,
            profile: format!("story-{}", next()),
            alone_in: self.alone_in,
        };
        world.seed(self.ours).await;
        world.start(true).await;
        world.import(self.caller, self.through).await;
        world
    }
}

impl World {
    /// The folder of the workspace, to be edited by a story.
    pub fn workspace(&self) -> std::path::PathBuf {
        self.folder.path().join("workspace")
    }

    /// The data folder of the program.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// The workspace as it is now.
    pub fn opened(&self) -> Opened {
        workspace::read(&self.workspace()).expect("a workspace")
    }

    /// The site of a cluster of the example.
    pub fn cluster(&self, name: &str) -> &Site {
        &self.sites[name]
    }

    /// The site and namespace of an environment.
    pub fn place(&self, environment: &str) -> (&Site, String) {
        let (_, cluster, namespace) = self
            .places
            .iter()
            .find(|(id, _, _)| id == environment)
            .expect("an environment");
        (&self.sites[cluster], namespace.clone())
    }

    /// Environments of the example, in pipeline order.
    pub fn environments(&self) -> Vec<String> {
        self.places.iter().map(|(id, _, _)| id.clone()).collect()
    }

    /// Puts the old versions onto the clusters, by an administrator with kubectl.
    async fn seed(&self, ours: bool) {
        let definitions = example::definitions().expect("definitions");
        for site in self.sites.values() {
            match site.ground() {
                Ground::Rehearsal => site
                    .rehearsed()
                    .apply_manifest(definitions)
                    .await
                    .expect("definitions"),
                Ground::Real => {
                    site.apply(definitions).await;
                    let ready = [
                        "wait",
                        "--for=condition=Established",
                        "crd/environments.fission.io",
                        "--timeout=60s",
                    ];
                    let output = site.kubectl(Caller::Admin, &ready, "").await;
                    assert!(output.status.success(), "{output:?}");
                }
            }
        }
        for environment in self.environments() {
            let (site, _) = self.place(&environment);
            let before = match &self.alone_in {
                Some(namespace) => &alone::before(namespace),
                None => example::before(&environment).expect("the old versions"),
            };
            match site.ground() {
                _ if ours => site.apply_as("pilothouse", before).await,
                Ground::Rehearsal => site
                    .rehearsed()
                    .apply_manifest(before)
                    .await
                    .expect("the old versions"),
                Ground::Real => site.apply(before).await,
            }
        }
        for site in self
            .sites
            .values()
            .filter(|s| s.ground() == Ground::Rehearsal)
        {
            site.rehearsed().settle().await;
        }
    }

    /// Starts the program, and unlocks everybody's key; `first` makes the keys.
    async fn start(&mut self, first: bool) {
        // The stretching is the vault's own test; here it only costs time.
        let limits = vault::Limits {
            stretch: Stretch {
                memory: 1024,
                passes: 1,
                lanes: 1,
            },
            ..vault::Limits::default()
        };
        let options = Options {
            bus_address: Some(self.keyring.address().to_owned()),
            limits,
        };
        let vault: Arc<dyn Vault> = Arc::new(KeychainVault::open(self.profile.clone(), options));
        let (notices, clock) = (self.notices.clone(), self.clock.clone());
        let session = Session::start(
            &self.data(),
            vault.clone(),
            notices,
            clock,
            self.limits.clone(),
        )
        .await;
        // The manager's is the first key; the manager witnesses the others.
        let people = ["wangwu", "zhangsan", "lisi"].map(PersonId::from);
        for person in people.clone() {
            let passphrase = SecretString::from(PASSPHRASE);
            let (vault, people) = (vault.clone(), people.clone());
            session
                .on(|engine| async move {
                    let manager = &people[0];
                    if first {
                        let witness = (&person != manager)
                            .then(|| (manager.clone(), SecretString::from(PASSPHRASE)));
                        engine
                            .new_key(&person, passphrase.clone(), &people, witness)
                            .await
                            .expect("a registered key");
                    }
                    vault
                        .unlock(&person, passphrase)
                        .await
                        .expect("an unlocked key");
                })
                .await;
        }
        self.session = Some(session);
        self.vault = Some(vault);
    }

    /// Kills the program and starts it again over the same folder.
    pub async fn restart(&mut self) {
        self.vault = None;
        self.session = None;
        self.start(false).await;
    }

    /// Ends the program; its ledger is then one file, with nothing left beside it.
    pub async fn leave(&mut self) {
        self.vault = None;
        self.session = None;
        let log = self.data().join("ledger.sqlite-wal");
        // The connections of the one before close in their own time, and only the last one to do so
        // folds the log back in.
        loop {
            super::session::open(&self.data()).await.close().await;
            if !log.exists() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The bus of the keychain, and the profile in it.
    pub fn keychain(&self) -> (&str, &str) {
        (self.keyring.address(), &self.profile)
    }

    /// A release of the workspace as it is, with the draft of its file.
    pub async fn given_release(&mut self) {
        self.try_release(|_| {}).await.expect("a release");
    }

    /// A release with a changed draft, or why there is none.
    pub async fn try_release(
        &mut self,
        change: impl FnOnce(&mut ReleaseDraft),
    ) -> Result<(), engine::EngineFailure> {
        let opened = self.opened();
        let mut draft = opened.draft.clone();
        change(&mut draft);
        let planned = workspace::plan(&opened, &draft, self.release.clone()).expect("a plan");
        let plan = planned.plan.clone();
        self.plan = Some(plan.clone());
        let bodies = planned
            .bodies
            .into_iter()
            .map(|(digest, (_, bytes))| (digest, bytes))
            .collect();
        self.on(|engine| async move { engine.create(&"zhangsan".into(), plan, bodies).await })
            .await
    }

    /// Runs a question in the program.
    pub async fn on<T, F, R>(&self, question: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(engine::Engine) -> R,
        R: Future<Output = T> + Send + 'static,
    {
        self.session.as_ref().expect("a program").on(question).await
    }

    /// Ends the program, then the clusters that are the story's own.
    pub async fn end(mut self) {
        self.vault = None;
        self.session = None;
        for (_, site) in std::mem::take(&mut self.sites) {
            if let Some(site) = Arc::into_inner(site) {
                site.end().await;
            }
        }
    }
}

/// A keyring of the story's own: no other's work on it, or its end, is felt here.
async fn keyring() -> Option<SecretService> {
    vault::fixture::or_skip(SecretService::start("keyring").await)
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(1);
    COUNT.fetch_add(1, Ordering::SeqCst)
}
