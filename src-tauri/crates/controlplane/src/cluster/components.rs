//! The components of a cluster: their configuration files and arguments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::audit;
use super::error::{StartError, setup};
use super::namespaces::Namespaces;
use super::pki::Certificates;
use super::place::Place;
use super::users::{Account, Entry, Tokens, kubeconfig};
use crate::availability::CNI;
use crate::{binaries, image, programs};

/// In the cluster's own /run, so that the path is short enough for a socket.
pub(super) const CONTAINERD_SOCKET: &str = "/run/containerd.sock";

/// One of the programs that make a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Component {
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Containerd,
    Kubelet,
    Proxy,
}

impl Component {
    pub(super) fn name(self) -> &'static str {
        match self {
            Component::Etcd => "etcd",
            Component::ApiServer => "kube-apiserver",
            Component::ControllerManager => "kube-controller-manager",
            Component::Scheduler => "kube-scheduler",
            Component::Containerd => "containerd",
            Component::Kubelet => "kubelet",
            Component::Proxy => "kube-proxy",
        }
    }
}

/// Everything a component's command line is made of.
pub(super) struct Layout {
    pub(super) state: PathBuf,
    pub(super) node: String,
    pub(super) url: String,
    pub(super) certificates: Certificates,
}

impl Layout {
    pub(super) fn file(&self, name: &str) -> String {
        self.state.join(name).display().to_string()
    }

    pub(super) fn log(&self, component: Component) -> PathBuf {
        self.state
            .join("logs")
            .join(format!("{}.log", component.name()))
    }

    pub(super) fn audit_log(&self) -> PathBuf {
        self.state.join("logs/audit.log")
    }

    /// Writes the configuration files.
    pub(super) fn write(&self, place: &Place, tokens: &Tokens) -> Result<(), StartError> {
        let write = |name: &str, content: String| {
            let path = self.state.join(name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, content))
                .map_err(setup(format!("writing {}", path.display())))
        };
        write("tokens.csv", tokens.file())?;
        for (file, account) in [
            ("controller-manager.kubeconfig", Account::ControllerManager),
            ("scheduler.kubeconfig", Account::Scheduler),
            ("proxy.kubeconfig", Account::Proxy),
            ("kubelet.kubeconfig", Account::Kubelet),
        ] {
            let entry = Entry {
                cluster: "local",
                url: &self.url,
                ca_pem: &self.certificates.ca_pem,
                user: "component",
                token: tokens.of(account),
            };
            write(file, kubeconfig(&[entry]))?;
        }
        write("audit.yaml", audit::POLICY.to_owned())?;
        write("containerd.toml", self.containerd())?;
        write("cni/10-pods.conflist", self.cni(place))?;
        write("kubelet.yaml", self.kubelet())?;
        write("proxy.yaml", self.proxy(place))
    }

    /// The command that starts a component inside.
    pub(super) fn command(
        &self,
        component: Component,
        place: &Place,
        namespaces: &Namespaces,
    ) -> Command {
        let arguments = match component {
            Component::Etcd => self.etcd_arguments(),
            Component::ApiServer => self.apiserver_arguments(place),
            Component::ControllerManager => self.controller_manager_arguments(),
            Component::Scheduler => {
                let own = self.file("scheduler.kubeconfig");
                strings(&[
                    &format!("--kubeconfig={own}"),
                    &format!("--authentication-kubeconfig={own}"),
                    &format!("--authorization-kubeconfig={own}"),
                    "--leader-elect=false",
                ])
            }
            Component::Containerd => strings(&["--config", &self.file("containerd.toml")]),
            Component::Kubelet => strings(&[
                &format!("--config={}", self.file("kubelet.yaml")),
                &format!("--kubeconfig={}", self.file("kubelet.kubeconfig")),
                &format!("--root-dir={}", self.file("kubelet")),
                &format!("--cert-dir={}", self.file("kubelet-pki")),
                &format!("--hostname-override={}", self.node),
                &format!("--node-ip={}", place.node()),
            ]),
            Component::Proxy => strings(&[
                &format!("--config={}", self.file("proxy.yaml")),
                &format!("--hostname-override={}", self.node),
            ]),
        };
        let program = match component {
            Component::Containerd => programs::find("containerd").unwrap_or("containerd".into()),
            other => binaries::path(other.name()),
        };
        let mut command = namespaces.command(program);
        command.args(arguments);
        command
    }

    fn etcd_arguments(&self) -> Vec<String> {
        strings(&[
            "--name=default",
            &format!("--data-dir={}", self.file("etcd")),
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            // Nobody needs this data after a power cut.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ])
    }

    fn apiserver_arguments(&self, place: &Place) -> Vec<String> {
        let certificate = |file: &str| self.certificates.path(file);
        strings(&[
            "--etcd-servers=http://127.0.0.1:2379",
            "--bind-address=0.0.0.0",
            "--secure-port=6443",
            &format!("--advertise-address={}", place.node()),
            &format!("--tls-cert-file={}", certificate("apiserver.crt")),
            &format!("--tls-private-key-file={}", certificate("apiserver.key")),
            &format!("--client-ca-file={}", certificate("ca.crt")),
            &format!("--token-auth-file={}", self.file("tokens.csv")),
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            &format!("--service-account-key-file={}", certificate("accounts.pub")),
            &format!(
                "--service-account-signing-key-file={}",
                certificate("accounts.key")
            ),
            "--service-account-issuer=https://kubernetes.default.svc",
            &format!("--service-cluster-ip-range={}", place.services()),
            &format!(
                "--kubelet-client-certificate={}",
                certificate("kubelet-client.crt")
            ),
            &format!("--kubelet-client-key={}", certificate("kubelet-client.key")),
            // Otherwise logs and exec try to resolve the node's name.
            "--kubelet-preferred-address-types=InternalIP",
            &format!("--audit-policy-file={}", self.file("audit.yaml")),
            &format!("--audit-log-path={}", self.audit_log().display()),
            // A request is noted before it is answered, so that a kill loses none.
            "--audit-log-mode=blocking-strict",
        ])
    }

    fn controller_manager_arguments(&self) -> Vec<String> {
        let own = self.file("controller-manager.kubeconfig");
        strings(&[
            &format!("--kubeconfig={own}"),
            &format!("--authentication-kubeconfig={own}"),
            &format!("--authorization-kubeconfig={own}"),
            &format!("--root-ca-file={}", self.certificates.path("ca.crt")),
            &format!(
                "--service-account-private-key-file={}",
                self.certificates.path("accounts.key")
            ),
            "--leader-elect=false",
        ])
    }

    fn containerd(&self) -> String {
        format!(
            r#"version = 2
root = "{root}"
state = "/run/containerd-state"
# What we do not use and what would touch the host's folders.
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # A machine without CAP_SYS_RESOURCE refuses a lower score than our own.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI}"
    conf_dir = "{cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"#,
            root = self.file("containerd"),
            cni = self.file("cni"),
            pause = image::PAUSE,
        )
    }

    fn cni(&self, place: &Place) -> String {
        serde_json::json!({
            "cniVersion": "0.4.0",
            "name": "pods",
            "plugins": [{
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": true,
                // A pod that asks its own Service may be given to itself.
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "dataDir": self.file("cni-addresses"),
                    "ranges": [[{ "subnet": place.pods() }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                },
            }],
        })
        .to_string()
    }

    /// Quality-of-service groups and their limits need a cgroup tree of our own.
    fn kubelet(&self) -> String {
        format!(
            r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {{ enabled: false }}
  webhook: {{ enabled: true }}
  x509: {{ clientCAFile: {ca} }}
authorization: {{ mode: Webhook }}
containerRuntimeEndpoint: unix://{CONTAINERD_SOCKET}
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
resolvConf: /dev/null
serializeImagePulls: false
# The disk belongs to the developer: neither evict nor collect because of it.
imageGCHighThresholdPercent: 100
evictionHard:
  memory.available: "0%"
  nodefs.available: "0%"
  nodefs.inodesFree: "0%"
  imagefs.available: "0%"
  imagefs.inodesFree: "0%"
"#,
            ca = self.certificates.path("ca.crt"),
        )
    }

    fn proxy(&self, place: &Place) -> String {
        format!(
            r#"apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {{ kubeconfig: {kubeconfig} }}
clusterCIDR: {pods}
# Pods on one bridge answer each other past iptables; with masquerading the
# answer comes back through the Service.
iptables: {{ masqueradeAll: true }}
# The machine's limits are not ours to set.
conntrack: {{ maxPerCore: 0, min: 0 }}
"#,
            kubeconfig = self.file("proxy.kubeconfig"),
            pods = place.pods(),
        )
    }
}

/// Loads images into containerd without a registry.
pub(super) fn load_images(namespaces: &Namespaces, archive: &Path) -> std::io::Result<()> {
    let ctr = programs::find("ctr").unwrap_or("ctr".into());
    let mut command = namespaces.command(ctr);
    command.args(["--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"]);
    command.args(["images", "import"]).arg(archive);
    programs::run(&mut command).map(|_| ())
}

fn strings(arguments: &[&str]) -> Vec<String> {
    arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect()
}
