//! What an answer other than a success means.

use domain::Permission;
use engine::ports::ClusterFailure;
use http::StatusCode;

use crate::wire::{Answer, NoAnswer};

/// The failure that an answer stands for; `permission` is what was asked to do.
pub(crate) fn of_answer(answer: &Answer, permission: &Permission) -> ClusterFailure {
    match answer.status {
        StatusCode::UNAUTHORIZED => ClusterFailure::CredentialRefused,
        StatusCode::FORBIDDEN => ClusterFailure::Forbidden(permission.clone()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => ClusterFailure::Busy,
        status => ClusterFailure::Answered {
            status: status.as_u16(),
            message: answer.message(),
        },
    }
}

impl From<NoAnswer> for ClusterFailure {
    fn from(no: NoAnswer) -> Self {
        match no {
            NoAnswer::NotSent(failure) => failure,
            NoAnswer::Lost(why) => ClusterFailure::Unreachable(why),
        }
    }
}
