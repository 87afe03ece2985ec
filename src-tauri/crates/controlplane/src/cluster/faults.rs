//! What can go wrong in a real cluster, brought about on purpose.

use std::io;

use serde_json::Value;

use super::components::Component;
use super::error::{FaultError, setup};
use super::pki::Certificates;
use super::users::{self, Entry, User};
use super::{ControlPlane, lock};
use crate::{image, programs};

impl ControlPlane {
    /// Kills the API server at once, in the middle of whatever it is doing.
    pub fn kill_apiserver(&self) -> Result<(), FaultError> {
        self.kill(Component::ApiServer)
    }

    /// Starts the API server again and waits until it is ready.
    pub fn start_apiserver(&self) -> Result<(), FaultError> {
        self.start_again(Component::ApiServer)?;
        Ok(self.await_apiserver()?)
    }

    /// Kills the API server and starts it again with further flags, until the next restart. None of
    /// them brings it back to what it was.
    pub fn restart_apiserver(&self, extra: &[&str]) -> Result<(), FaultError> {
        *lock(&self.extra) = extra.iter().map(|flag| (*flag).to_owned()).collect();
        if lock(&self.running).contains_key(&Component::ApiServer) {
            self.kill_apiserver()?;
        }
        self.start_apiserver()
    }

    /// Puts another certificate authority with the same name behind the API server's address; its
    /// certificate. The cluster's components no longer trust it, nor does a kubeconfig made before.
    /// [`ControlPlane::restore_ca`] puts the old one back.
    pub fn exchange_ca(&self) -> Result<String, FaultError> {
        let folder = self.layout.state.join("other-pki");
        let others = Certificates::make(&folder, &self.name, &self.place.api_addresses())?;
        self.write_admin(&others.ca_pem)?;
        self.restart_apiserver(&[
            &format!("--tls-cert-file={}", others.path("apiserver.crt")),
            &format!("--tls-private-key-file={}", others.path("apiserver.key")),
        ])?;
        Ok(others.ca_pem)
    }

    /// Puts the cluster's own certificate authority back.
    pub fn restore_ca(&self) -> Result<(), FaultError> {
        self.write_admin(&self.layout.certificates.ca_pem)?;
        self.restart_apiserver(&[])
    }

    /// The administrator's kubeconfig, with which the harness asks, trusting this authority.
    fn write_admin(&self, ca_pem: &str) -> Result<(), FaultError> {
        let token = self.token(User::Admin);
        let entry = Entry {
            cluster: &self.name,
            url: self.url(),
            ca_pem,
            user: User::Admin.name(),
            token: &token,
        };
        std::fs::write(
            self.kubeconfig_path(User::Admin),
            users::kubeconfig(&[entry]),
        )?;
        Ok(())
    }

    /// Makes etcd forget every revision but the newest: a watch from an older one is 410 Gone where
    /// no cache stands in front of etcd (`--watch-cache=false`).
    pub fn compact(&self) -> Result<(), FaultError> {
        // etcd listens inside only, and speaks JSON beside gRPC; "AA==" is the key of one zero byte.
        let ask = |path: &str, body: &str| {
            let mut command = self.namespaces.command(image::BUSYBOX);
            command.args(["wget", "-q", "-O", "-", "--post-data", body]);
            command.arg(format!("http://127.0.0.1:2379{path}"));
            programs::run(&mut command)
        };
        let range = ask("/v3/kv/range", r#"{"key":"AA=="}"#)?;
        let range: Value = serde_json::from_slice(&range.stdout).map_err(io::Error::from)?;
        let revision = range["header"]["revision"].as_str().unwrap_or_default();
        let compaction = format!(r#"{{"revision":"{revision}","physical":true}}"#);
        ask("/v3/kv/compaction", &compaction)?;
        Ok(())
    }

    /// Stops etcd without ending it: reads and writes hang.
    pub fn pause_etcd(&self) -> Result<(), FaultError> {
        self.pause(Component::Etcd)
    }

    /// Lets etcd go on.
    pub fn resume_etcd(&self) -> Result<(), FaultError> {
        self.resume(Component::Etcd)
    }

    /// Stops the API server without ending it: connections are accepted and
    /// nothing is ever answered.
    pub fn pause_apiserver(&self) -> Result<(), FaultError> {
        self.pause(Component::ApiServer)
    }

    /// Lets the API server go on.
    pub fn resume_apiserver(&self) -> Result<(), FaultError> {
        self.resume(Component::ApiServer)
    }

    /// Kills the kubelet. Containers go on; the node is NotReady after about 50 s.
    pub fn kill_kubelet(&self) -> Result<(), FaultError> {
        self.kill(Component::Kubelet)
    }

    /// Starts the kubelet again. Does not wait for the node.
    pub fn start_kubelet(&self) -> Result<(), FaultError> {
        self.start_again(Component::Kubelet)
    }

    /// Kills the controller manager: Deployments are accepted and nothing happens.
    pub fn kill_controller_manager(&self) -> Result<(), FaultError> {
        self.kill(Component::ControllerManager)
    }

    /// Starts the controller manager again.
    pub fn start_controller_manager(&self) -> Result<(), FaultError> {
        self.start_again(Component::ControllerManager)
    }

    /// Makes a user's token unknown: `401 Unauthorized`. Restarts the API server.
    pub fn revoke(&self, user: User) -> Result<(), FaultError> {
        self.set_revoked(user, true)
    }

    /// Makes a revoked token known again. Restarts the API server.
    pub fn reinstate(&self, user: User) -> Result<(), FaultError> {
        self.set_revoked(user, false)
    }

    fn set_revoked(&self, user: User, revoked: bool) -> Result<(), FaultError> {
        if user == User::Admin {
            return Err(FaultError::State(
                "the harness itself is the administrator".to_owned(),
            ));
        }
        let file = {
            let mut tokens = lock(&self.tokens);
            tokens.set_revoked(user, revoked);
            tokens.file()
        };
        std::fs::write(self.layout.file("tokens.csv"), file).map_err(setup("writing tokens"))?;
        self.kill_apiserver()?;
        self.start_apiserver()
    }

    fn kill(&self, component: Component) -> Result<(), FaultError> {
        let running = lock(&self.running).remove(&component);
        let running = running.ok_or_else(|| not_running(component))?;
        Ok(running.kill()?)
    }

    fn start_again(&self, component: Component) -> Result<(), FaultError> {
        if lock(&self.running).contains_key(&component) {
            return Err(FaultError::State(format!(
                "{} is running already",
                component.name()
            )));
        }
        Ok(self.launch(component)?)
    }

    fn pause(&self, component: Component) -> Result<(), FaultError> {
        let running = lock(&self.running);
        let running = running
            .get(&component)
            .ok_or_else(|| not_running(component))?;
        Ok(running.pause()?)
    }

    fn resume(&self, component: Component) -> Result<(), FaultError> {
        let running = lock(&self.running);
        let running = running
            .get(&component)
            .ok_or_else(|| not_running(component))?;
        Ok(running.resume()?)
    }
}

fn not_running(component: Component) -> FaultError {
    FaultError::State(format!("{} is not running", component.name()))
}
