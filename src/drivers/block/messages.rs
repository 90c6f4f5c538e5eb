//! The interrupts of a controller: a message for each of its queues.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;

use super::slots::Answers;
use crate::arch::irq::Handler;
use crate::arch::irq::device_vectors::DeviceVector;
use crate::drivers::bus::pci::{MsiX, OwnedFunction};

/// The messages of a controller, which go to the CPUs that submit to its queues. Dropping this masks
/// them.
pub(super) struct Messages {
    /// Dropped before the vectors.
    table: MsiX,
    vectors: Vec<DeviceVector>,
}

impl Messages {
    /// Makes the controller `name` send the messages `first` and up. The message of each handler
    /// goes to the CPU with the handler's index, if it has a free vector. `None` if there can be no
    /// messages: then waiters look for the answers.
    pub(super) fn try_new(
        function: &OwnedFunction,
        name: &dyn Display,
        first: u16,
        handlers: impl ExactSizeIterator<Item = Arc<dyn Handler>>,
    ) -> Option<Self> {
        let warn = |error: &dyn Display| log::warn!("{name}: works without interrupts: {error}");
        let table = MsiX::try_new(function).inspect_err(|error| warn(error)).ok()?;
        if usize::from(table.len()) < usize::from(first) + handlers.len() {
            warn(&"it has too few messages");
            return None;
        }
        let mut vectors = Vec::new();
        for (index, handler) in handlers.enumerate() {
            let vector = DeviceVector::try_new_on(handler.clone(), |cpu| cpu.id().index() == index)
                .or_else(|_| DeviceVector::try_new(handler));
            vectors.push(vector.inspect_err(|error| warn(error)).ok()?);
        }
        for (index, vector) in vectors.iter().enumerate() {
            table.set(first + index as u16, vector);
        }
        table.enable(function);
        Some(Self { table, vectors })
    }

    /// Returns how waiters find answers, with these messages or without any.
    pub(super) fn answers(this: Option<&Self>) -> Answers {
        match this {
            Some(_) => Answers::ByInterrupt,
            None => Answers::ByLooking,
        }
    }

    /// Returns the number of messages.
    pub(super) fn count(this: Option<&Self>) -> usize {
        this.map_or(0, |messages| messages.vectors.len())
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        (0..self.table.len()).for_each(|index| self.table.mask(index));
    }
}
