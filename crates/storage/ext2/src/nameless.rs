//! The nodes that may have no name, and so may end when they are forgotten.

use alloc::vec::Vec;

use crate::fields::InodeNumber;

/// The nodes that may have no name. Of the others it is known that they have one, without a look at
/// their inodes.
#[derive(Debug, Default)]
pub(crate) struct Nameless {
    /// In ascending order.
    numbers: Vec<u32>,
    /// There was no memory for one of them.
    are_unknown: bool,
}

impl Nameless {
    /// Adds a node, which has lost its last name or was made without.
    pub(crate) fn add(&mut self, node: InodeNumber) {
        let Err(index) = self.numbers.binary_search(&node.0) else { return };
        match self.numbers.try_reserve(1) {
            Ok(()) => self.numbers.insert(index, node.0),
            Err(_) => self.are_unknown = true,
        }
    }

    /// Removes a node, and returns whether it may have no name.
    pub(crate) fn take(&mut self, node: InodeNumber) -> bool {
        let found = self.numbers.binary_search(&node.0);
        if let Ok(index) = found {
            self.numbers.remove(index);
        }
        found.is_ok() || self.are_unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_is_nameless_until_it_is_taken() {
        let mut nameless = Nameless::default();
        for number in [7, 3, 7, 9] {
            nameless.add(InodeNumber(number));
        }
        assert!(!nameless.take(InodeNumber(4)));
        assert!(nameless.take(InodeNumber(7)) && !nameless.take(InodeNumber(7)));
        assert!(nameless.take(InodeNumber(9)) && nameless.take(InodeNumber(3)));
        nameless.are_unknown = true;
        assert!(nameless.take(InodeNumber(3)));
    }
}
