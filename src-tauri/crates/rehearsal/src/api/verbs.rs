//! Requests on resources: which verb, with which body, to which answer.

use super::access;
use super::form::{self, Form};
use super::logs;
use super::read::{self, Query, Selection, is_set, parameter};
use super::route::Target;
use super::watch;
use crate::delete::{self, Deleted};
use crate::patch::PatchKind;
use crate::plane::Plane;
use crate::resource::Resource;
use crate::scale;
use crate::spec::User;
use crate::status::ApiError;
use crate::tree::{self, map_mut, name, namespace};
use crate::write::{self, Unknown, WriteOptions, Written};
use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a resource request is answered with.
pub(crate) struct Answer {
    pub code: StatusCode,
    pub content_type: &'static str,
    pub body: Body,
    pub warnings: Vec<String>,
}

impl Answer {
    pub(crate) fn json(code: StatusCode, value: &Value) -> Self {
        Answer {
            code,
            content_type: "application/json",
            body: Body::from(value.to_string()),
            warnings: Vec::new(),
        }
    }
}

/// One request on a resource, past authentication and authorization.
pub(crate) struct Call<'a> {
    pub plane: &'a Arc<Plane>,
    pub user: &'a User,
    pub target: &'a Target,
    pub query: &'a Query,
    pub verb: &'a str,
    pub content_type: &'a str,
    pub user_agent: &'a str,
    pub form: Form,
    pub body: Bytes,
}

impl Call<'_> {
    pub(crate) fn carry_out(&self) -> Result<Answer, ApiError> {
        let target = self.target;
        if self.verb == "create"
            && let Some(review) = self.review()?
        {
            return Ok(Answer::json(StatusCode::CREATED, &review));
        }
        let resource = self
            .plane
            .store()
            .find(&target.group, &target.version, &target.plural)
            .ok_or_else(ApiError::no_such_path)?;
        let sub = target.subresource.as_str();
        if !sub.is_empty() && !resource.subresources.iter().any(|s| s == sub) {
            return Err(ApiError::no_such_path());
        }
        if resource.namespaced && !target.name.is_empty() && target.namespace.is_empty() {
            return Err(ApiError::no_such_path());
        }
        match (self.verb, sub) {
            ("list", _) => {
                let list = read::list(
                    self.plane,
                    &resource,
                    &target.namespace,
                    self.query,
                    self.form,
                )?;
                Ok(Answer::json(StatusCode::OK, &list))
            }
            ("watch", _) => Ok(Answer {
                code: StatusCode::OK,
                content_type: "application/json",
                body: watch::start(
                    self.plane,
                    resource,
                    &target.namespace,
                    self.query,
                    self.form,
                )?,
                warnings: Vec::new(),
            }),
            ("get", "log") => Ok(Answer {
                code: StatusCode::OK,
                content_type: "text/plain",
                body: logs::answer(self.plane, &resource, &*self.live(&resource)?, self.query)?,
                warnings: Vec::new(),
            }),
            ("get", "scale") => Ok(Answer::json(
                StatusCode::OK,
                &scale::scale_of(&*self.live(&resource)?),
            )),
            ("get", _) => Ok(self.object(StatusCode::OK, &resource, &*self.live(&resource)?)),
            (_, "log") => Err(ApiError::method_not_allowed()),
            ("update" | "patch", "scale") => self.scale(&resource),
            ("create", "") => self.create(&resource),
            ("update" | "patch", _) if target.name.is_empty() => {
                Err(ApiError::method_not_allowed())
            }
            ("update", _) => self.update(&resource),
            ("patch", _) => self.patch(&resource),
            ("delete", "") => self.delete(&resource),
            ("deletecollection", _) => self.delete_collection(&resource),
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    fn review(&self) -> Result<Option<Value>, ApiError> {
        if !matches!(
            self.target.group.as_str(),
            "authorization.k8s.io" | "authentication.k8s.io"
        ) {
            return Ok(None);
        }
        Ok(access::review(
            self.user,
            &self.target.plural,
            self.parsed()?,
        ))
    }

    fn live(&self, resource: &Resource) -> Result<Arc<Value>, ApiError> {
        self.plane
            .store()
            .get(
                &resource.storage(),
                &self.target.namespace,
                &self.target.name,
            )
            .ok_or_else(|| ApiError::not_found(resource, &self.target.name))
    }

    fn object(&self, code: StatusCode, resource: &Resource, object: &Value) -> Answer {
        let include = parameter(self.query, "includeObject");
        Answer::json(code, &form::render(resource, object, self.form, include))
    }

    fn written(&self, resource: &Resource, written: Written) -> Answer {
        let code = if written.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut answer = self.object(code, resource, &written.object);
        answer.warnings = written.warnings;
        answer
    }

    fn parsed(&self) -> Result<Value, ApiError> {
        match self.content_type {
            "application/yaml" | "application/apply-patch+yaml" => {
                let text = std::str::from_utf8(&self.body)
                    .map_err(|e| ApiError::bad_request(e.to_string()))?;
                serde_saphyr::from_str(text)
                    .map_err(|e| ApiError::bad_request(format!("error decoding YAML: {e}")))
            }
            t if t.is_empty() || t.ends_with("json") => serde_json::from_slice(&self.body)
                .map_err(|e| ApiError::bad_request(format!("couldn't decode the body: {e}"))),
            other => Err(ApiError::unsupported_media_type(other)),
        }
    }

    fn options(&self) -> Result<WriteOptions, ApiError> {
        let dry_run = match parameter(self.query, "dryRun") {
            "" => false,
            "All" => true,
            other => {
                return Err(ApiError::unprocessable(format!(
                    "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: {other:?}: supported values: \"All\""
                )));
            }
        };
        let unknown = match parameter(self.query, "fieldValidation") {
            "Strict" => Unknown::Reject,
            "Ignore" => Unknown::Ignore,
            _ => Unknown::Warn,
        };
        // Without a fieldManager the server takes the first word of the user agent.
        let manager = match parameter(self.query, "fieldManager") {
            "" if self.content_type == "application/apply-patch+yaml" => "",
            "" => self.user_agent.split('/').next().unwrap_or("unknown"),
            given => given,
        };
        Ok(WriteOptions {
            manager: manager.to_owned(),
            subresource: self.target.subresource.clone(),
            dry_run,
            force: is_set(self.query, "force"),
            unknown,
        })
    }

    fn create(&self, resource: &Resource) -> Result<Answer, ApiError> {
        if !self.target.name.is_empty() {
            return Err(ApiError::method_not_allowed());
        }
        let body = stored_form(resource, self.parsed()?);
        let own = self.stored(resource);
        let written = write::create(
            &mut self.plane.store(),
            &own,
            &self.target.namespace,
            body,
            &self.options()?,
        )?;
        Ok(self.written(resource, written))
    }

    fn update(&self, resource: &Resource) -> Result<Answer, ApiError> {
        let body = stored_form(resource, self.parsed()?);
        let own = self.stored(resource);
        let (ns, name) = (&self.target.namespace, &self.target.name);
        let written = write::update(
            &mut self.plane.store(),
            &own,
            ns,
            name,
            body,
            &self.options()?,
        )?;
        Ok(self.written(resource, written))
    }

    /// Events are kept as core ones.
    fn stored(&self, resource: &Resource) -> Resource {
        let mut own = resource.clone();
        if own.group == "events.k8s.io" {
            own.group = String::new();
        }
        own
    }

    fn patch(&self, resource: &Resource) -> Result<Answer, ApiError> {
        let options = self.options()?;
        let (ns, name) = (&self.target.namespace, &self.target.name);
        let body = self.parsed()?;
        let own = self.stored(resource);
        let mut store = self.plane.store();
        let kind = match self.content_type {
            "application/apply-patch+yaml" => {
                let written = write::apply(&mut store, &own, ns, name, body, &options)?;
                drop(store);
                return Ok(self.written(resource, written));
            }
            "application/json-patch+json" => PatchKind::Json,
            "application/merge-patch+json" => PatchKind::Merge,
            "application/strategic-merge-patch+json" => PatchKind::Strategic,
            other => return Err(ApiError::unsupported_media_type(other)),
        };
        if options.force {
            return Err(ApiError::unprocessable(
                "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
            ));
        }
        let written = write::patch(&mut store, &own, ns, name, (kind, &body), &options)?;
        drop(store);
        Ok(self.written(resource, written))
    }

    fn scale(&self, resource: &Resource) -> Result<Answer, ApiError> {
        let live = self.live(resource)?;
        let mut wanted = scale::scale_of(&live);
        match (self.verb, self.content_type) {
            ("update", _) => wanted = self.parsed()?,
            (_, "application/json-patch+json") => {
                wanted =
                    crate::patch::patched(&wanted, &self.parsed()?, PatchKind::Json, resource)?;
            }
            _ => json_patch::merge(&mut wanted, &self.parsed()?),
        }
        let options = self.options()?;
        let written = scale::scale(&mut self.plane.store(), resource, &live, &wanted, &options)?;
        Ok(Answer::json(
            StatusCode::OK,
            &scale::scale_of(&written.object),
        ))
    }

    fn delete_options(&self) -> Result<(Value, bool), ApiError> {
        let mut options = if self.body.is_empty() {
            json!({})
        } else {
            self.parsed()?
        };
        for field in ["propagationPolicy", "gracePeriodSeconds"] {
            if let Some(value) = self.query.get(field) {
                let value = value
                    .parse::<i64>()
                    .map_or_else(|_| json!(value), |n| json!(n));
                map_mut(&mut options, &[]).insert(field.to_owned(), value);
            }
        }
        let dry = parameter(self.query, "dryRun") == "All"
            || !tree::items(&options, "/dryRun").is_empty();
        Ok((options, dry))
    }

    fn delete(&self, resource: &Resource) -> Result<Answer, ApiError> {
        let (options, dry) = self.delete_options()?;
        let (ns, name) = (&self.target.namespace, &self.target.name);
        let deleted = delete::delete(&mut self.plane.store(), resource, ns, name, &options, dry)?;
        Ok(match deleted {
            // These kinds answer with the object itself (`ReturnDeletedObject`).
            Deleted::Gone(object)
                if matches!(resource.kind.as_str(), "Pod" | "Service" | "ServiceAccount") =>
            {
                self.object(StatusCode::OK, resource, &object)
            }
            Deleted::Gone(object) => {
                Answer::json(StatusCode::OK, &delete::success(resource, &object))
            }
            Deleted::Pending(object) => self.object(StatusCode::OK, resource, &object),
        })
    }

    fn delete_collection(&self, resource: &Resource) -> Result<Answer, ApiError> {
        let (options, dry) = self.delete_options()?;
        let selection = Selection::parse(&self.target.namespace, self.query)?;
        let mut store = self.plane.store();
        let doomed: Vec<Arc<Value>> = store
            .list(&resource.storage(), &self.target.namespace)
            .into_iter()
            .filter(|object| selection.matches(object))
            .collect();
        for object in &doomed {
            delete::delete(
                &mut store,
                resource,
                namespace(object),
                name(object),
                &options,
                dry,
            )?;
        }
        drop(store);
        let objects: Vec<&Value> = doomed.iter().map(Arc::as_ref).collect();
        let list = form::render_list(resource, &objects, json!({}), Form::Object, "");
        Ok(Answer::json(StatusCode::OK, &list))
    }
}

/// The reverse of [`form::viewed`].
fn stored_form(resource: &Resource, mut body: Value) -> Value {
    if resource.group == "events.k8s.io" && body.is_object() {
        let map = map_mut(&mut body, &[]);
        for (stored, seen) in [
            ("involvedObject", "regarding"),
            ("message", "note"),
            ("source", "deprecatedSource"),
            ("firstTimestamp", "deprecatedFirstTimestamp"),
            ("lastTimestamp", "deprecatedLastTimestamp"),
            ("count", "deprecatedCount"),
            ("reportingComponent", "reportingController"),
        ] {
            if let Some(value) = map.shift_remove(seen) {
                map.insert(stored.to_owned(), value);
            }
        }
        map.insert("apiVersion".into(), "v1".into());
    }
    body
}
