//! Tests against models, of bounds, and of whole machines.

mod balance;
mod bounds;
mod cost;
mod cpu;
mod cpu_set;
mod fair;
mod machine;
mod model;
mod policy;
mod real_time;
mod simulation;
mod threads;
