//! Three real clusters for playing by hand.

use std::fs;
use std::io::{IsTerminal, Read};
use std::sync::mpsc::{self, Sender};
use std::time::Instant;

use controlplane::{Behaviour, ControlPlane, Image, Options, User, merged_kubeconfig};

use crate::failure::{Failure, io};
use crate::folders;
use crate::process::{announce, step};

const CLUSTERS: [&str; 3] = ["bj-dev-01", "sz-prod-01", "bj-prod-01"];
const MODULES: [&str; 3] = ["faasapi", "fission-agent", "fission-router"];
const NAMESPACE: &str = "fission";

/// Builds the programs of a cluster.
pub(crate) fn build() -> Result<(), Failure> {
    let mut built = false;
    controlplane::binaries::build(|progress| {
        built = true;
        announce(&progress.to_string());
    })?;
    if !built {
        announce("cluster programs: up to date");
    }
    Ok(())
}

/// Starts the clusters and waits until it is told to end.
pub(crate) fn up() -> Result<(), Failure> {
    let ends = listen_for_the_end()?;
    controlplane::available().map_err(controlplane::StartError::from)?;
    build()?;
    let began = Instant::now();
    announce(&format!(
        "starting {} (etcd to kubelet, each)",
        CLUSTERS.join(", ")
    ));
    let options = CLUSTERS.map(|name| Options::named(name).with_images(images()));
    let clusters = ControlPlane::start_all(options)?;
    println!("  ready after {:.1} s", began.elapsed().as_secs_f64());

    let folder = folders::target().join("clusters");
    for cluster in &clusters {
        let output = cluster.kubectl(&["create", "namespace", NAMESPACE]);
        output.map_err(io("creating the namespace"))?;
        println!("\n{}  {}", cluster.name(), cluster.url());
        for user in User::ALL {
            println!(
                "  {:<9} {}",
                user.name(),
                cluster.kubeconfig_path(user).display()
            );
        }
    }
    let merged = folder.join("kubeconfig");
    fs::write(&merged, merged_kubeconfig(&clusters, User::Operator))
        .map_err(io("writing the merged kubeconfig"))?;
    let manifest = folder.join("example.yaml");
    fs::write(&manifest, example()).map_err(io("writing the example"))?;
    println!("\nall three, as operator: {}", merged.display());
    println!(
        "something to release (namespace {NAMESPACE}): {}",
        manifest.display()
    );
    println!("images: pilothouse.example/{{{}}}:", MODULES.join(","));
    println!("  1.15.2, 1.15.3 serve; 1.15.4 exits; 1.15.5 is never healthy; others do not exist");
    println!(
        "\nCtrl-C ends them{}.",
        if std::io::stdin().is_terminal() {
            ""
        } else {
            ", and so does the end of stdin"
        }
    );

    // It fails only when all who could tell us have gone, which is an end, too.
    let _ = ends.recv();
    step("ending the clusters", || {
        for cluster in clusters {
            cluster.shutdown().map_err(io("ending a cluster"))?;
        }
        for file in [merged, manifest] {
            fs::remove_file(file).map_err(io("removing kubeconfigs"))?;
        }
        Ok(())
    })
}

/// The example modules: two good versions and two that no gate should let pass.
fn images() -> Vec<Image> {
    let of = |module: &str, version: &str, behaviour| {
        Image::new(format!("pilothouse.example/{module}:{version}"), behaviour)
    };
    let serves = |version: &str| Behaviour::Serves {
        version: version.to_owned(),
    };
    MODULES
        .iter()
        .flat_map(|module| {
            [
                of(module, "1.15.2", serves("1.15.2")),
                of(module, "1.15.3", serves("1.15.3")),
                of(module, "1.15.4", Behaviour::Exits { code: 1 }),
                of(
                    module,
                    "1.15.5",
                    Behaviour::NeverHealthy {
                        version: "1.15.5".to_owned(),
                    },
                ),
            ]
        })
        .collect()
}

fn example() -> String {
    MODULES
        .map(|module| {
            format!(
                r#"apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {module}, namespace: {NAMESPACE}, labels: {{ app: {module} }} }}
spec:
  replicas: 3
  selector: {{ matchLabels: {{ app: {module} }} }}
  template:
    metadata: {{ labels: {{ app: {module} }} }}
    spec:
      containers:
        - name: {module}
          image: pilothouse.example/{module}:1.15.2
          imagePullPolicy: IfNotPresent
          ports: [{{ containerPort: 8080 }}]
          readinessProbe: {{ httpGet: {{ path: /healthz, port: 8080 }}, periodSeconds: 1 }}
---
apiVersion: v1
kind: Service
metadata: {{ name: {module}, namespace: {NAMESPACE} }}
spec:
  selector: {{ app: {module} }}
  ports: [{{ port: 8080 }}]
"#
            )
        })
        .join("---\n")
}

/// Somebody presses Ctrl-C, a supervisor sends SIGTERM, a script closes stdin.
fn listen_for_the_end() -> Result<mpsc::Receiver<()>, Failure> {
    let (ended, ends) = mpsc::channel();
    signals(ended.clone())?;
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut ignored = [0; 64];
        while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
        let _ = ended.send(());
    });
    Ok(ends)
}

#[cfg(unix)]
fn signals(ended: Sender<()>) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(io("listening for signals"))?;
    std::thread::spawn(move || {
        let mut arrived = signals.forever();
        if arrived.next().is_some() {
            let _ = ended.send(());
        }
        // Whoever asks a second time does not want to wait for order.
        if arrived.next().is_some() {
            std::process::exit(130);
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn signals(_: Sender<()>) -> Result<(), Failure> {
    Ok(())
}
