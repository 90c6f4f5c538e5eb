//! The mapper on simulated memory, compared with a naive model.

mod both;
mod concurrent;
mod edges;
mod entries;
mod model;
mod operation;
mod properties;
mod races;
mod sharing;
mod simulation;
