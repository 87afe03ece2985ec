//! What the example release is about: the same facts as in the example workspace, for whoever
//! plays it has to know where to press.

/// Somebody of the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Identifier.
    pub id: &'static str,
    /// Name, for the narration.
    pub name: &'static str,
    /// Role in the release.
    pub role: &'static str,
}

/// Rolls out, and signs what was read and prepared.
pub const OPERATOR: Person = Person { id: "zhangsan", name: "张三", role: "operator" };
/// Signs what was verified.
pub const VERIFIER: Person = Person { id: "lisi", name: "李四", role: "verifier" };
/// Votes, waives, decides.
pub const MANAGER: Person = Person { id: "wangwu", name: "王五", role: "manager" };
/// All of them.
pub const PEOPLE: [Person; 3] = [OPERATOR, VERIFIER, MANAGER];

/// What they type to open their keys.
pub const PASSPHRASE: &str = "harbour pilot 2026";

/// Modules in the order of their dependencies.
pub const MODULES: [&str; 3] = ["fission-executor", "fission-router", "fission-agent"];

/// A stage.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// Identifier.
    pub id: &'static str,
    /// Name, for the narration.
    pub name: &'static str,
    /// Its environments in order.
    pub environments: &'static [Place],
    /// Who votes.
    pub votes: &'static [Person],
}

/// An environment.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Identifier.
    pub id: &'static str,
    /// Cluster, whose name is typed to arm production.
    pub cluster: &'static str,
}

const fn place(id: &'static str, cluster: &'static str) -> Place {
    Place { id, cluster }
}

/// The pipeline.
pub const STOPS: [Stop; 3] = [
    Stop {
        id: "bj-offline",
        name: "北京 dev/test/ontest",
        environments: &[place("bj-dev", "bj-dev-01"), place("bj-test", "bj-dev-01"), place("bj-ontest", "bj-dev-01")],
        votes: &[OPERATOR],
    },
    Stop { id: "suzhou", name: "苏州 prod", environments: &[place("sz-prod", "sz-prod-01")], votes: &PEOPLE },
    Stop { id: "beijing", name: "北京 prod", environments: &[place("bj-prod", "bj-prod-01")], votes: &PEOPLE },
];
