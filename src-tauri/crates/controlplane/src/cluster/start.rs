//! From nothing to a ready node.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::components::{CONTAINERD_SOCKET, Component, Layout, load_images};
use super::error::{NotYet, StartError, setup, tail};
use super::namespaces::{Namespaces, Running};
use super::pki::Certificates;
use super::place::{self, Place};
use super::users::{Tokens, User};
use super::{ControlPlane, Options, lock};
use crate::image::{self, Image};
use crate::{availability, binaries, programs};

/// On an idle machine it takes ten seconds. Others may be compiling.
const PATIENCE: Duration = Duration::from_secs(180);

const RBAC: &str = include_str!("rbac.yaml");

pub(super) fn start(options: Options) -> Result<ControlPlane, StartError> {
    prepare([&options])?;
    let place = Place::take(options.index)?;
    start_at(place, options)
}

pub(super) fn start_all(
    options: impl IntoIterator<Item = Options>,
) -> Result<Vec<ControlPlane>, StartError> {
    let options: Vec<Options> = options.into_iter().collect();
    prepare(&options)?;
    // Places are taken in order, so that the first cluster has the first address.
    let places = options
        .into_iter()
        .map(|options| Ok((Place::take(options.index)?, options)))
        .collect::<Result<Vec<_>, StartError>>()?;
    let started: Vec<Result<ControlPlane, StartError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = places
            .into_iter()
            .map(|(place, options)| scope.spawn(move || start_at(place, options)))
            .collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    started.into_iter().collect()
}

/// What does not depend on a place.
fn prepare<'a>(all: impl IntoIterator<Item = &'a Options>) -> Result<(), StartError> {
    availability::available()?;
    for options in all {
        check_name(&options.name)?;
    }
    binaries::build(|progress| eprintln!("→ {progress}"))?;
    Ok(())
}

fn start_at(place: Place, options: Options) -> Result<ControlPlane, StartError> {
    let state = place.state(&options.name);
    place::remove_state(&state).map_err(setup("removing an old state folder"))?;
    fs::create_dir_all(state.join("logs")).map_err(setup("state folder"))?;

    let node = format!("{}-node-1", options.name);
    let tokens = Tokens::make(&node, &options.tokens).map_err(setup("tokens"))?;
    let certificates =
        Certificates::make(&state.join("pki"), &options.name, &place.api_addresses())?;
    let url = format!("https://{}:6443", place.node());
    let layout = Layout {
        state: state.clone(),
        node,
        url,
        certificates,
    };
    layout.write(&place, &tokens)?;

    let namespaces = Namespaces::open(&state, &state.join("logs/namespaces.log"))
        .map_err(setup("opening namespaces"))?;
    // From here on dropping ends what was started.
    let cluster = ControlPlane {
        name: options.name,
        place,
        layout,
        namespaces,
        tokens: Mutex::new(tokens),
        running: Mutex::new(BTreeMap::new()),
        extra: Mutex::default(),
        ended: false,
    };
    cluster.bring_up(&options.images)?;
    Ok(cluster)
}

impl ControlPlane {
    fn bring_up(&self, images: &[Image]) -> Result<(), StartError> {
        if let Some(root) = self.namespaces.root() {
            self.place
                .record(root, &self.layout.state)
                .map_err(setup("recording the cluster"))?;
        }
        self.namespaces
            .connect(&self.place)
            .map_err(setup("connecting the network"))?;
        for user in User::ALL {
            fs::write(self.kubeconfig_path(user), self.kubeconfig(user))
                .map_err(setup("writing kubeconfigs"))?;
        }
        for component in [Component::Etcd, Component::ApiServer, Component::Containerd] {
            self.launch(component)?;
        }
        self.import(images)?;
        self.await_apiserver()?;
        for component in [
            Component::ControllerManager,
            Component::Scheduler,
            Component::Kubelet,
            Component::Proxy,
        ] {
            self.launch(component)?;
        }
        let rbac = self.layout.state.join("rbac.yaml");
        fs::write(&rbac, RBAC).map_err(setup("writing RBAC objects"))?;
        // Right after the first start the API server may still refuse writes.
        self.wait("RBAC objects", Component::ApiServer, || self.apply(&rbac))?;
        self.wait("a ready node", Component::Kubelet, || self.ask_node())
    }

    pub(super) fn launch(&self, component: Component) -> Result<(), StartError> {
        let mut command = self
            .layout
            .command(component, &self.place, &self.namespaces);
        if component == Component::ApiServer {
            // The last of two flags with one name counts.
            command.args(lock(&self.extra).iter());
        }
        let running = Running::start(command, self.layout.log(component))
            .map_err(setup(format!("starting {}", component.name())))?;
        lock(&self.running).insert(component, running);
        Ok(())
    }

    fn import(&self, images: &[Image]) -> Result<(), StartError> {
        let archive = self.layout.state.join("images.tar");
        let mut all = vec![Image::pause()];
        all.extend_from_slice(images);
        image::save(&all, &archive).map_err(setup("writing images"))?;
        let socket = self.namespaces.inside(CONTAINERD_SOCKET);
        self.wait("containerd's socket", Component::Containerd, || {
            socket.exists().then_some(()).ok_or(NotYet::NoSocket)
        })?;
        load_images(&self.namespaces, &archive).map_err(setup("loading images"))?;
        fs::remove_file(&archive).map_err(setup("removing the image archive"))
    }

    pub(super) fn await_apiserver(&self) -> Result<(), StartError> {
        let address = SocketAddr::from((self.place.node(), 6443));
        self.wait(
            "an API server that answers /readyz",
            Component::ApiServer,
            || {
                // Cheaper than a kubectl that finds nobody listening.
                TcpStream::connect_timeout(&address, Duration::from_secs(1))
                    .map_err(NotYet::NoConnection)?;
                self.ask_kubectl(&["get", "--raw", "/readyz"]).map(|_| ())
            },
        )
    }

    fn apply(&self, file: &Path) -> Result<(), NotYet> {
        self.ask_kubectl(&["apply", "-f", &file.display().to_string()])
            .map(|_| ())
    }

    /// Ready, without taints, and with the account that pods need.
    fn ask_node(&self) -> Result<(), NotYet> {
        let node = format!("node/{}", self.layout.node);
        let answer = self.ask_kubectl(&["get", &node, "serviceaccount/default", "-o", "json"])?;
        let answer: Value = serde_json::from_str(&answer).map_err(NotYet::Unreadable)?;
        let node = &answer["items"][0];
        let ready = node["status"]["conditions"]
            .as_array()
            .is_some_and(|conditions| {
                conditions
                    .iter()
                    .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
            });
        let taints = &node["spec"]["taints"];
        if !ready {
            return Err(NotYet::NodeNotReady);
        }
        if !taints.is_null() {
            return Err(NotYet::Tainted(taints.to_string()));
        }
        Ok(())
    }

    fn ask_kubectl(&self, arguments: &[&str]) -> Result<String, NotYet> {
        let mut command = self.kubectl_command();
        command.arg("--request-timeout=10s").args(arguments);
        programs::run(&mut command)
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .map_err(NotYet::Refused)
    }

    /// Asks again and again until the answer is good, a component ends or
    /// patience does.
    fn wait(
        &self,
        what: &str,
        suspect: Component,
        mut ask: impl FnMut() -> Result<(), NotYet>,
    ) -> Result<(), StartError> {
        let began = Instant::now();
        loop {
            let answer = match ask() {
                Ok(()) => return Ok(()),
                Err(answer) => answer,
            };
            for (component, running) in lock(&self.running).iter_mut() {
                if running.ended() {
                    return Err(StartError::Ended {
                        component: component.name().to_owned(),
                        log: tail(&running.log),
                    });
                }
            }
            if began.elapsed() > PATIENCE {
                return Err(StartError::NotReady {
                    what: what.to_owned(),
                    waited: began.elapsed(),
                    answer: answer.to_string(),
                    component: suspect.name().to_owned(),
                    log: tail(&self.layout.log(suspect)),
                });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn check_name(name: &str) -> Result<(), StartError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let bounded =
        name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-');
    if bounded && name.len() <= 40 && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(StartError::Name(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_fit_into_a_host_name() {
        assert!(check_name("bj-prod-01").is_ok());
        for bad in ["", "BJ", "-a", "a-", "a/b", "1a", "a b"] {
            assert!(
                matches!(check_name(bad), Err(StartError::Name(_))),
                "{bad:?}"
            );
        }
    }
}
