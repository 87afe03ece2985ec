//! Follows one stream for as long as the watch lives.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{Config, Event, watcher};

use super::pod_stream;
use super::store::{Kept, Shared, Slot};
use crate::connection::Connection;

/// Lists and watches, again after every break. A break is always followed by a new listing: only a
/// complete one says that the stream is connected again, and what was missed meanwhile is in it
/// (facts 2.3).
pub(super) async fn follow(connection: Arc<Connection>, shared: Arc<Shared>, slot: Slot) {
    let limits = connection.limits.clone();
    let mut pause = limits.watch_pause;
    loop {
        if once(&connection, &shared, &slot).await {
            pause = limits.watch_pause;
        }
        shared.change(&slot.key(), |stream| {
            stream.connected = false;
            stream.coming.clear();
        });
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(limits.watch_pause_most);
    }
}

/// Until the first error. Says whether a listing was complete before.
async fn once(connection: &Connection, shared: &Shared, slot: &Slot) -> bool {
    let login = match connection.client().await {
        Ok(login) => login,
        Err(failure) => {
            tracing::warn!(stream = slot.key(), %failure, "a watch cannot log in");
            return false;
        }
    };
    if slot.is_pods() {
        match pod_stream::follow(&login.client, &connection.limits, shared, slot).await {
            pod_stream::End::NotServed => {}
            pod_stream::End::Broken {
                listed,
                unauthorized,
            } => {
                if unauthorized {
                    connection.refused(&login).await;
                }
                return listed;
            }
        }
    }
    let api = Api::<DynamicObject>::namespaced_with(
        login.client.clone(),
        &slot.namespace,
        &slot.resource,
    );
    let timeout = u32::try_from(connection.limits.watch.as_secs()).unwrap_or(20);
    let mut events = watcher(api, Config::default().timeout(timeout)).boxed();
    let mut listed = false;
    let mut objects = HashMap::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => objects.clear(),
            Ok(Event::InitApply(object)) => keep(&mut objects, slot, object),
            Ok(Event::InitDone) => {
                listed = true;
                shared.change(&slot.key(), |stream| {
                    stream.coming = std::mem::take(&mut objects);
                    stream.all_came();
                });
            }
            Ok(Event::Apply(object)) => shared.change(&slot.key(), |stream| {
                keep(stream.objects.get_or_insert_default(), slot, object);
            }),
            Ok(Event::Delete(object)) => shared.change(&slot.key(), |stream| {
                let name = object.metadata.name.unwrap_or_default();
                stream.objects.get_or_insert_default().remove(&name);
            }),
            Err(error) => {
                // Its text can hold an object; what kind of error it is says enough.
                tracing::warn!(
                    stream = slot.key(),
                    kind = kind(&error),
                    "a watch broke off"
                );
                if kind(&error) == "401" {
                    connection.refused(&login).await;
                }
                break;
            }
        }
    }
    listed
}

fn keep(objects: &mut HashMap<String, Kept>, slot: &Slot, mut object: DynamicObject) {
    let name = object.metadata.name.clone().unwrap_or_default();
    // Items of a list do not say what they are.
    object.types.get_or_insert_with(|| kube::core::TypeMeta {
        api_version: slot.resource.api_version.clone(),
        kind: slot.resource.kind.clone(),
    });
    if let Some(kept) = Kept::of(object) {
        objects.insert(name, kept);
    }
}

fn kind(error: &kube::runtime::watcher::Error) -> String {
    use kube::runtime::watcher::Error;
    let of = |error: &kube::Error| match error {
        kube::Error::Api(status) => status.code.to_string(),
        _ => "connection".to_owned(),
    };
    match error {
        Error::InitialListFailed(error)
        | Error::WatchStartFailed(error)
        | Error::WatchFailed(error) => of(error),
        Error::WatchError(status) => status.code.to_string(),
        Error::NoResourceVersion => "no resource version".to_owned(),
    }
}
