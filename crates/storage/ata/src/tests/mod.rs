//! Tests: encodings by the tables of the specifications.

mod answers;
mod commands;
mod packets;
