//! Serves one cluster until Ctrl-C and writes its kubeconfig to the path given as first argument.

use rehearsal::{Cluster, ClusterSpec};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut spec = ClusterSpec::new("bj-dev-01", 7);
    spec.namespaces = vec!["fission".to_owned()];
    let cluster = Cluster::start(spec).await?;
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "rehearsal.kubeconfig".to_owned());
    std::fs::write(&path, cluster.kubeconfig("admin"))?;
    println!(
        "{} is at {}, kubeconfig in {path}",
        cluster.name(),
        cluster.url()
    );
    tokio::signal::ctrl_c().await?;
    cluster.shutdown().await;
    Ok(())
}
