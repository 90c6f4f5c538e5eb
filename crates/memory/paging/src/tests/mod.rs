//! The mapper on simulated memory, against a naive model.

mod edges;
mod entries;
mod model;
mod properties;
mod races;
mod sharing;
mod simulation;
