//! Models that loom runs in every order; the edges are in `tests/edges.rs`, which is
//! built with the atomics of `core`.

mod machine;
mod models;
