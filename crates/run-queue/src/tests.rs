//! Tests against models, of bounds, and of whole machines.

mod model;
mod threads;
