use std::collections::BTreeSet;

use crate::located::Located;

/// A module with what goes before it, as far as the order needs to know.
pub(crate) struct Node<'a> {
    pub id: &'a str,
    pub before: &'a [Located<String>],
}

/// The order in which modules go: dependencies first, the file's order where they leave a choice
/// (sop P3). When they lead round in a circle, one dependency of the circle is given back.
pub(crate) fn topological<'a>(nodes: &[Node<'a>]) -> Result<Vec<usize>, &'a Located<String>> {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::with_capacity(nodes.len());
    while order.len() < nodes.len() {
        let next = nodes.iter().position(|node| {
            !placed.contains(node.id)
                && node
                    .before
                    .iter()
                    .all(|id| placed.contains(id.value.as_str()))
        });
        match next {
            Some(index) => {
                placed.insert(nodes[index].id);
                order.push(index);
            }
            None => return Err(in_circle(nodes, &placed)),
        }
    }
    Ok(order)
}

/// Every module left has a dependency left; following them long enough ends inside of a circle.
fn in_circle<'a>(nodes: &[Node<'a>], placed: &BTreeSet<&str>) -> &'a Located<String> {
    let open = |node: &Node<'a>| {
        node.before
            .iter()
            .find(|id| !placed.contains(id.value.as_str()))
    };
    let mut found = nodes
        .iter()
        .filter(|n| !placed.contains(n.id))
        .find_map(open);
    for _ in 0..nodes.len() {
        let next = found
            .and_then(|id| nodes.iter().find(|n| n.id == id.value))
            .and_then(open);
        found = next.or(found);
    }
    // Called only when nothing can be placed, so that there is one.
    static NONE: Located<String> = Located {
        value: String::new(),
        line: 0,
        column: 0,
    };
    found.unwrap_or(&NONE)
}
