//! `metadata.managedFields`: who owns which field, and how plain writes change that.

use super::set::{FieldSet, compare};
use super::shape;
use crate::resource::Resource;
use crate::tree::{items, set, text};
use serde_json::{Value, json};

/// Fields nobody owns: the server's own bookkeeping and what names the object.
const UNOWNED: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:resourceVersion"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:deletionTimestamp"],
    &["f:metadata", "f:deletionGracePeriodSeconds"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:selfLink"],
];

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    pub api_version: String,
    /// `status`, `scale` or empty.
    pub subresource: String,
    pub time: String,
    pub fields: FieldSet,
}

impl Entry {
    /// How a conflict names this manager (fieldmanager `printManager`).
    pub(crate) fn describe(&self) -> String {
        let mut who = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            who.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if self.operation == "Update" {
            who.push_str(&format!(" using {}", self.api_version));
        }
        who
    }

    pub(crate) fn is(&self, manager: &str, operation: &str, subresource: &str) -> bool {
        self.manager == manager && self.operation == operation && self.subresource == subresource
    }
}

/// Reads an object's `managedFields`.
pub(crate) fn entries(object: &Value) -> Vec<Entry> {
    items(object, "/metadata/managedFields")
        .iter()
        .map(|entry| Entry {
            manager: text(entry, "/manager").to_owned(),
            operation: text(entry, "/operation").to_owned(),
            api_version: text(entry, "/apiVersion").to_owned(),
            subresource: text(entry, "/subresource").to_owned(),
            time: text(entry, "/time").to_owned(),
            fields: entry
                .get("fieldsV1")
                .map(FieldSet::parse)
                .unwrap_or_default(),
        })
        .collect()
}

/// Writes `managedFields`, dropping managers that own nothing.
pub(crate) fn write(object: &mut Value, entries: &[Entry]) {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|e| (&e.operation, &e.time, &e.manager));
    let rendered: Vec<Value> = sorted
        .into_iter()
        .filter(|entry| !entry.fields.is_empty())
        .map(|entry| {
            let mut value = json!({
                "manager": entry.manager, "operation": entry.operation,
                "apiVersion": entry.api_version, "time": entry.time,
                "fieldsType": "FieldsV1", "fieldsV1": entry.fields.render(),
            });
            if !entry.subresource.is_empty() {
                set(&mut value, &["subresource"], entry.subresource.clone());
            }
            value
        })
        .collect();
    set(object, &["metadata", "managedFields"], rendered);
}

/// Removes what nobody owns, and status when the write did not go through a subresource.
pub(crate) fn strip(fields: &mut FieldSet, resource: &Resource, subresource: &str) {
    fields.member = false;
    for path in UNOWNED {
        fields.remove_path(path);
    }
    if resource.has_status() && subresource.is_empty() {
        fields.remove_path(&["f:status"]);
    }
}

/// Who writes: the manager's name, the subresource (or empty) and the time (RFC 3339).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub manager: &'a str,
    pub subresource: &'a str,
    pub now: &'a str,
}

/// Records a create, update or patch: the writer owns what it changed, the others lose it.
pub(crate) fn track_update(old: &Value, new: &mut Value, resource: &Resource, writer: Writer) {
    let mut found = compare(old, new, shape::of(resource));
    strip(&mut found.changed, resource, writer.subresource);
    strip(&mut found.removed, resource, writer.subresource);
    if resource.builtin && resource.kind == "Service" {
        // Allocated after ownership is recorded, so nobody owns them.
        for field in [
            "f:clusterIP",
            "f:clusterIPs",
            "f:ipFamilies",
            "f:ipFamilyPolicy",
        ] {
            found.changed.remove_path(&["f:spec", field]);
        }
    }
    // What the request says of ownership counts; a request that says nothing leaves it as it is.
    let given = entries(new);
    let mut all = match given.is_empty() || !writer.subresource.is_empty() {
        true => entries(old),
        false => given,
    };
    for entry in &mut all {
        entry.fields.subtract_recursively(&found.removed);
        if !entry.is(writer.manager, "Update", writer.subresource) {
            entry.fields.subtract(&found.changed);
        }
    }
    if !found.changed.is_empty() {
        let mine = all
            .iter_mut()
            .find(|entry| entry.is(writer.manager, "Update", writer.subresource));
        match mine {
            Some(entry) => {
                entry.fields.union(&found.changed);
                writer.now.clone_into(&mut entry.time);
                entry.api_version = resource.api_version();
            }
            None => all.push(Entry {
                manager: writer.manager.to_owned(),
                operation: "Update".to_owned(),
                api_version: resource.api_version(),
                subresource: writer.subresource.to_owned(),
                time: writer.now.to_owned(),
                fields: found.changed,
            }),
        }
    }
    write(new, &all);
}
