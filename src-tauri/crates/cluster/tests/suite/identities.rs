//! Who a cluster is and what it knows.

use cluster::KubeClusters;
use domain::ObjectRef;
use engine::ports::{ClusterFailure, Clusters, Context};
use serde_json::json;

use super::*;

pub async fn identity_is_pinned(bench: &Bench) {
    let identity = bench.cluster.identity().await.unwrap();
    assert_eq!(identity, bench.cluster.identity().await.unwrap());
    assert!(
        identity.uid.len() == 36 && identity.ca_sha256.len() == 64,
        "{identity:?}"
    );
    assert!(
        identity.url.starts_with("https://")
            && identity
                .url
                .rsplit(':')
                .next()
                .unwrap()
                .parse::<u16>()
                .is_ok()
    );
    for wrong in [
        domain::ClusterIdentity {
            uid: "11111111-1111-1111-1111-111111111111".into(),
            ..identity.clone()
        },
        domain::ClusterIdentity {
            url: "https://other:1".into(),
            ..identity.clone()
        },
        domain::ClusterIdentity {
            ca_sha256: "00".repeat(32),
            ..identity.clone()
        },
    ] {
        let failure = KubeClusters::default()
            .connect(bench.context.clone(), Some(wrong.clone()), Vec::new())
            .await
            .err()
            .unwrap();
        assert_eq!(
            failure,
            ClusterFailure::AnotherCluster {
                expected: Box::new(wrong),
                found: Box::new(identity.clone())
            }
        );
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::CertificateParams::new(vec!["other".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let stranger = Context {
        ca_pem: ca,
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(stranger, None, Vec::new())
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
    let nowhere = Context {
        server: "https://127.0.0.1:1".into(),
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(nowhere, None, Vec::new())
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Unreachable(_)),
        "{failure:?}"
    );
    let token = secrecy::SecretString::from("hunter2-hunter2");
    let unknown = Context {
        credential: engine::ports::Credential::Token(token),
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(unknown, None, Vec::new())
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert_eq!(failure, ClusterFailure::CredentialRefused);
}

pub async fn it_says_who_it_is(bench: &Bench) {
    let about = bench.cluster.about().await.unwrap();
    assert!(about.version.starts_with("v1."), "{about:?}");
    assert!(
        !about.user.is_empty() && about.clock_skew_s.abs() < 3.0,
        "{about:?}"
    );
    let objects = [
        deployment("any", "x").object,
        config_map("any", json!({})).object,
    ];
    let needed = bench.cluster.needed(&objects).await.unwrap();
    let names: Vec<String> = needed
        .iter()
        .map(|p| {
            format!(
                "{} {}.{}/{} {}",
                p.verb, p.resource, p.group, p.subresource, p.namespace
            )
        })
        .collect();
    for wanted in [
        "patch deployments.apps/ fission",
        "delete configmaps./ fission",
        "get pods./log fission",
        "watch replicasets.apps/ fission",
    ] {
        assert!(
            names.contains(&wanted.to_owned()),
            "{wanted} is not in {names:?}"
        );
    }
    assert_eq!(bench.cluster.denied(&needed).await.unwrap(), []);
}

pub async fn an_unknown_kind_is_said(bench: &Bench) {
    for (api_version, kind) in [("nowhere.io/v1", "Thing"), ("apps/v1", "Thing")] {
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: NAMESPACE.into(),
            name: "x".into(),
        };
        let failure = bench.cluster.read(&object).await.unwrap_err();
        assert_eq!(
            failure,
            ClusterFailure::KindUnknown(format!("{api_version} {kind}"))
        );
    }
    let elsewhere = ObjectRef {
        name: "../../secrets/x".into(),
        ..config_map("x", json!({})).object
    };
    assert!(matches!(
        bench.cluster.read(&elsewhere).await.unwrap_err(),
        ClusterFailure::Unreadable(_)
    ));
}
