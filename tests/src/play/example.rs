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
pub const OPERATOR: Person = Person {
    id: "zhangsan",
    name: "张三",
    role: "operator",
};
/// Signs what was verified.
pub const VERIFIER: Person = Person {
    id: "lisi",
    name: "李四",
    role: "verifier",
};
/// Votes, waives, decides.
pub const MANAGER: Person = Person {
    id: "wangwu",
    name: "王五",
    role: "manager",
};
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
        environments: &[
            place("bj-dev", "bj-dev-01"),
            place("bj-test", "bj-dev-01"),
            place("bj-ontest", "bj-dev-01"),
        ],
        votes: &[OPERATOR],
    },
    Stop {
        id: "suzhou",
        name: "苏州 prod",
        environments: &[place("sz-prod", "sz-prod-01")],
        votes: &PEOPLE,
    },
    Stop {
        id: "beijing",
        name: "北京 prod",
        environments: &[place("bj-prod", "bj-prod-01")],
        votes: &PEOPLE,
    },
];

/// A checklist item that is signed by hand.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Identifier.
    pub id: &'static str,
    /// `pre` or `post`; what is looked at on the days after keeps nothing back.
    pub phase: &'static str,
    /// Who signs it.
    pub signer: Person,
    /// Whether the first stage does without it.
    pub only_production: bool,
}

const fn item(id: &'static str, phase: &'static str, signer: Person) -> Item {
    Item {
        id,
        phase,
        signer,
        only_production: false,
    }
}

const fn in_production(item: Item) -> Item {
    Item {
        only_production: true,
        ..item
    }
}

/// All that is signed by hand before and right after a stage.
pub const ITEMS: [Item; 9] = [
    item("tested-offline", "pre", VERIFIER),
    in_production(item("images-scanned", "pre", VERIFIER)),
    item("dependencies-ready", "pre", OPERATOR),
    item("order-compatible", "pre", OPERATOR),
    item("observation-agreed", "pre", VERIFIER),
    item("way-back-agreed", "pre", OPERATOR),
    item("smoke-create", "post", VERIFIER),
    item("smoke-config", "post", VERIFIER),
    in_production(item("smoke-timer", "post", VERIFIER)),
];

/// What somebody signs in a phase of a stage.
pub fn items(stop: &Stop, phase: &str, signer: Person) -> impl Iterator<Item = Item> {
    let first = stop.id == STOPS[0].id;
    ITEMS.into_iter().filter(move |item| {
        item.phase == phase && item.signer == signer && !(first && item.only_production)
    })
}
