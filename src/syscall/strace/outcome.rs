//! How a call has ended.

/// How a call has ended, or that it hasn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With this result.
    Done(u64),
    /// With an error.
    Failed,
    /// A signal has interrupted it.
    Interrupted,
    /// It runs, or will.
    Pending,
}
