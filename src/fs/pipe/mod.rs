//! Pipes and FIFOs: bytes that writers send to readers.
//!
//! | module | what |
//! | --- | --- |
//! | [`buffer`] | the bytes of a pipe, in pages |
//! | [`pipe`] | a pipe: reads, writes, and waiting for the other end |
//! | [`end`] | an end of a pipe, as an open file |
//! | [`open`] | making pipes, and opening FIFOs |

mod buffer;
mod end;
mod open;
#[expect(clippy::module_inception, reason = "the room's main type has the room's name")]
mod pipe;

pub use end::PipeEnd;
pub(super) use open::{ends, open_fifo};
pub use pipe::{PIPE_BUF_BYTES, Pipe};
