//! The end of a call.

/// The end of a call, if it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has returned this result.
    Done(u64),
    /// It has failed with an error.
    Failed,
    /// A signal has interrupted it.
    Interrupted,
    /// It is running, or has not yet begun.
    Pending,
}
