//! What can go wrong in a real cluster, brought about on purpose.

use super::components::Component;
use super::error::{FaultError, setup};
use super::users::User;
use super::{ControlPlane, lock};

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
