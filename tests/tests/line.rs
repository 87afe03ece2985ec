//! The whole line on three real clusters: containers that answer with their version, a client that
//! asks through the Service all the time, a broken image that really fails and is really taken back,
//! a restart of the program in the middle.
//!
//! Skipped loudly where clusters cannot run.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use acceptance::world::{Caller, Given, NEW, OLD, Site, World};
use controlplane::image::PORT;
use controlplane::{Behaviour, Image, runnable};
use domain::{ModuleStatus, ReleaseId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const IN_ORDER: [&str; 3] = ["fission-executor", "fission-router", "fission-agent"];
const BROKEN: &str = "1.15.5";
const PROD: &str = "sz-prod";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_line_on_real_clusters() {
    if !runnable(1) {
        return;
    }
    let began = Instant::now();
    let sites = clusters().await;
    println!("three clusters ready after {:.1?}", began.elapsed());
    let limits = engine::Limits {
        failing_patience: Duration::from_secs(10),
        ..engine::Limits::default()
    };
    let given = Given {
        limits: (limits, cluster::Limits::default()),
        edits: vec![("stableSeconds: 3", "stableSeconds: 1")],
        ..Given::default()
    };
    let step = Instant::now();
    let Some(mut world) = given.real(sites).await else {
        return;
    };
    for environment in world.environments() {
        answers(&world, &environment, &OLD).await;
    }
    println!(
        "the old versions answer in five environments after {:.1?}",
        step.elapsed()
    );

    world.given_release().await;
    world.declare_the_timeout().await;
    let whole = Instant::now();
    let (mut asked, mut restarted) = (0, false);
    for stage in ["bj-offline", "suzhou", "beijing"] {
        let step = Instant::now();
        world.when_stage_is_ready(stage).await;
        println!("{stage}: ready in {:.1?}", step.elapsed());
        let state = world.state();
        let environments = &state.plan.stage(&stage.into()).unwrap().environments;
        for environment in environments.iter().map(|e| e.id.as_str()) {
            let step = Instant::now();
            let clients = clients(&world, environment).await;
            for module in IN_ORDER {
                // In the middle of the second rollout in production the program dies.
                if environment == PROD && module == "fission-router" {
                    killed_in_the_middle(&mut world, environment, module).await;
                    restarted = true;
                } else {
                    let status = world.roll_out(environment, module).await;
                    let reason = world.reason(environment, module);
                    assert_eq!(
                        status,
                        ModuleStatus::Passed,
                        "{environment} {module}: {reason}"
                    );
                }
            }
            world.then_new(environment).await;
            old_pods_are_gone(&world, environment).await;
            for client in clients {
                asked += client.lost_nothing().await;
            }
            answers(&world, environment, &NEW).await;
            println!("{environment}: three modules in {:.1?}", step.elapsed());
        }
    }
    println!(
        "the whole line in {:.1?}; {asked} requests during the rollouts, none lost",
        whole.elapsed()
    );
    assert!(restarted && asked > 500, "{asked}");
    world.then_the_ledger_holds().await;

    a_broken_image_is_taken_back(&mut world).await;
    world.then_the_ledger_holds().await;
    world.end().await;
    println!("all of it in {:.1?}", began.elapsed());
}

async fn clusters() -> Vec<Site> {
    let broken = Image::new(
        format!("pilothouse.example/fission-router:{BROKEN}"),
        Behaviour::Exits { code: 1 },
    );
    acceptance::world::real_sites([broken]).await
}

async fn killed_in_the_middle(world: &mut World, environment: &str, module: &str) {
    world.begin(environment, module).await;
    let written = |state: &domain::EnvironmentState| {
        state
            .settled
            .iter()
            .any(|s| s.module == module.into() && s.intent.object.kind == "Deployment")
    };
    world
        .until(environment, "the Deployment's write", written)
        .await;
    let step = Instant::now();
    world.restart().await;
    assert_eq!(
        world.status(environment, module),
        ModuleStatus::Running,
        "the ledger says that it goes on"
    );
    world
        .does(environment, |engine, id, actor, _| async move {
            engine.resume_work(&id, &actor).await
        })
        .await
        .unwrap();
    assert_eq!(world.ended(environment, module).await, ModuleStatus::Passed);
    println!(
        "{environment}: killed in the middle of {module}, started again and passed in {:.1?}",
        step.elapsed()
    );
}

async fn a_broken_image_is_taken_back(world: &mut World) {
    for environment in world.environments() {
        let file = world.workspace().join(format!(
            "modules/fission-router/{environment}/deployment.yaml"
        ));
        let text = std::fs::read_to_string(&file).unwrap();
        // Only production gets an image that does not run: what every test before it cannot see.
        let image = if environment == PROD {
            BROKEN
        } else {
            "1.15.4"
        };
        let text = text.replace("fission-router:1.15.4", &format!("fission-router:{image}"));
        std::fs::write(&file, text).unwrap();
    }
    // A release of its own: one environment, one module.
    only_production(world);
    world.release = ReleaseId::new("REL-20260916-01");
    world
        .try_release(|draft| {
            draft
                .modules
                .retain(|m| m.module.as_str() == "fission-router")
        })
        .await
        .unwrap();
    world
        .declare(domain::Declaration {
            text: "紧急修复".into(),
            object: "Deployment/fission-router".into(),
            path: String::new(),
        })
        .await
        .unwrap();
    world.when_stage_is_ready("suzhou").await;
    let clients = clients(world, PROD).await;
    let step = Instant::now();
    assert_eq!(
        world.roll_out(PROD, "fission-router").await,
        ModuleStatus::Failed
    );
    let reason = world.environment(PROD).modules[&"fission-router".into()]
        .reason
        .clone()
        .unwrap();
    println!(
        "{PROD}: the broken image failed after {:.1?}: {reason}",
        step.elapsed()
    );
    assert_eq!(world.versions(PROD).await["fission-router"], BROKEN);

    let step = Instant::now();
    world.go_back(PROD).await;
    world.then_new(PROD).await;
    answers(world, PROD, &NEW).await;
    println!(
        "{PROD}: taken back, the old version answers after {:.1?}",
        step.elapsed()
    );
    assert!(
        step.elapsed() < Duration::from_secs(120),
        "sop R5: two minutes"
    );
    let mut asked = 0;
    for client in clients {
        asked += client.lost_nothing().await;
    }
    println!("{PROD}: {asked} requests while it failed and went back, none lost");
}

/// Leaves one stage in the workspace.
fn only_production(world: &World) {
    let file = world.workspace().join("pilothouse.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (start, suzhou, beijing, end) = (
        text.find("  - id: bj-offline").unwrap(),
        text.find("  - id: suzhou").unwrap(),
        text.find("  - id: beijing").unwrap(),
        text.find("\nmodules:").unwrap(),
    );
    assert!(start < suzhou && suzhou < beijing && beijing < end);
    let text = format!(
        "{}{}{}",
        &text[..start],
        &text[suzhou..beijing],
        &text[end..]
    );
    std::fs::write(
        &file,
        text.replace("stages: [suzhou, beijing]", "stages: [suzhou]"),
    )
    .unwrap();
    let modules = std::fs::read_dir(world.workspace().join("modules")).unwrap();
    for module in modules.flatten() {
        for environment in ["bj-dev", "bj-test", "bj-ontest", "bj-prod"] {
            std::fs::remove_dir_all(module.path().join(environment)).unwrap();
        }
    }
    let file = world
        .workspace()
        .join(format!("modules/fission-router/{PROD}/deployment.yaml"));
    let text = std::fs::read_to_string(&file).unwrap();
    let broken = text.replace("\"1.15.4\"", &format!("\"{BROKEN}\""));
    std::fs::write(&file, broken).unwrap();
}

/// Asks one Service all the time, each time on a connection of its own.
struct Client {
    what: String,
    stop: Arc<AtomicBool>,
    task: JoinHandle<(u32, Vec<String>)>,
}

impl Client {
    async fn lost_nothing(self) -> u32 {
        self.stop.store(true, Ordering::SeqCst);
        let (asked, lost) = self.task.await.unwrap();
        assert_eq!(
            lost,
            Vec::<String>::new(),
            "{}: of {asked} requests",
            self.what
        );
        assert!(asked > 0, "{}", self.what);
        asked
    }
}

async fn clients(world: &World, environment: &str) -> Vec<Client> {
    let mut clients = Vec::new();
    for module in IN_ORDER {
        let address = service(world, environment, module);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let (mut asked, mut lost) = (0, Vec::new());
            while !stopped.load(Ordering::SeqCst) {
                asked += 1;
                if let Err(error) = version(address).await {
                    lost.push(format!("{asked}: {error}"));
                }
                // Some thirty a second: two cores also run three clusters.
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            (asked, lost)
        });
        clients.push(Client {
            what: format!("{environment} {module}"),
            stop,
            task,
        });
    }
    clients
}

fn service(world: &World, environment: &str, module: &str) -> SocketAddr {
    let (site, namespace) = world.place(environment);
    tokio::task::block_in_place(|| site.control_plane().service_address(&namespace, module))
        .unwrap()
}

async fn version(address: SocketAddr) -> Result<String, String> {
    let asking = async {
        let mut connection = TcpStream::connect(address).await?;
        let request =
            format!("GET /version HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), asking)
        .await
        .map_err(|_| "no answer within 5 s".to_owned())?
        .map_err(|error| error.to_string())?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body))
            if head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200") =>
        {
            Ok(body.to_owned())
        }
        _ => Err(format!("answered {:?}", answer.lines().next())),
    }
}

/// Every pod of every module answers with its version, through the Service.
async fn answers(world: &World, environment: &str, expected: &[(&str, &str)]) {
    assert_ne!(PORT, 80, "the Service forwards to another port");
    world.then_versions(environment, expected).await;
    old_pods_are_gone(world, environment).await;
    for (module, expected) in expected {
        let address = service(world, environment, module);
        let deadline = Instant::now() + Duration::from_secs(30);
        // A Service of a moment ago may not be in kube-proxy's tables yet.
        let mut first = version(address).await;
        while first.is_err() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
            first = version(address).await;
        }
        for _ in 0..10 {
            assert_eq!(
                version(address).await.as_deref(),
                Ok(*expected),
                "{environment} {module}"
            );
        }
    }
}

async fn old_pods_are_gone(world: &World, environment: &str) {
    let (site, namespace) = world.place(environment);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let arguments = [
            "-n",
            &namespace,
            "get",
            "pods",
            "-o",
            "jsonpath={range .items[?(@.metadata.deletionTimestamp)]}{.metadata.name} {end}",
        ];
        let output = site.kubectl(Caller::Admin, &arguments, "").await;
        if output.status.success() && output.stdout.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{output:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
