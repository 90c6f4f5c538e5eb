//! One CPU: its registers, its descriptor tables, its features, and its per-CPU variables.

pub mod control_registers;
pub mod descriptor_tables;
pub mod features;
pub mod fpu;
pub mod fpu_section;
pub mod gdt;
pub mod hardware_random;
pub mod id;
pub mod machine_check;
pub mod percpu;
