use std::ops::RangeInclusive;

use domain::Timings;

use super::FILE;
use crate::located::Located;
use crate::raw::RawTimings;
use crate::{Expectation, WorkspaceFailure};

pub(super) fn check(raw: &RawTimings) -> Result<Timings, WorkspaceFailure> {
    let default = Timings::default();
    Ok(Timings {
        identity_limit_s: within(&raw.identity_seconds, 10..=3600, default.identity_limit_s)?,
        arming_s: within(&raw.arming_seconds, 60..=7200, default.arming_s)?,
        progress_deadline_s: within(
            &raw.progress_deadline_seconds,
            10..=7200,
            default.progress_deadline_s,
        )?,
        stable_s: within(&raw.stable_seconds, 0..=3600, default.stable_s)?,
        parallel: within(&raw.parallel, 1..=16, default.parallel)?,
    })
}

fn within(
    written: &Option<Located<u32>>,
    range: RangeInclusive<u32>,
    default: u32,
) -> Result<u32, WorkspaceFailure> {
    match written {
        None => Ok(default),
        Some(number) if range.contains(&number.value) => Ok(number.value),
        Some(number) => Err(number.expects(
            FILE,
            Expectation::Range {
                from: *range.start(),
                to: *range.end(),
            },
        )),
    }
}
