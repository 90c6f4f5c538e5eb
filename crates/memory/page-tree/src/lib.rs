//! A sparse array: values by an index of 64 bits, in a tree of nodes with 64 slots.
//!
//! It holds the pages of a file or of shared memory, as Linux's xarray does. A lookup takes a step
//! for each 6 bits of the largest index; an index without a value takes no memory. A file of up to
//! 256 KiB has one node. An operation that fails for lack of memory changes nothing.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![feature(allocator_api)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use core::fmt;
use core::ops::{ControlFlow, Range};

/// The number of bits of the index that a level decodes.
const LEVEL_BITS: u32 = 6;
/// The number of slots in a node.
const SLOTS: usize = 1 << LEVEL_BITS;
const SLOT_MASK: u64 = SLOTS as u64 - 1;

/// No memory is left for a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl fmt::Display for NoMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no memory is left for a node")
    }
}

impl core::error::Error for NoMemory {}

/// The slots of a node, in a heap block of their own.
type Slots<T> = Box<[Option<T>; SLOTS]>;

fn try_new_slots<T>() -> Result<Slots<T>, NoMemory> {
    Box::try_new([const { None }; SLOTS]).map_err(|_| NoMemory)
}

/// A node: the number of used slots, and the slots. It has 16 bytes, so that a block of slots has
/// 512 or 1,024 bytes.
enum Node<V> {
    /// Its slots have values.
    Leaf(u8, Slots<V>),
    /// Its slots have nodes.
    Inner(u8, Slots<Node<V>>),
}

impl<V> Node<V> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf(used, _) | Self::Inner(used, _) => *used == 0,
        }
    }
}

fn put<T>(used: &mut u8, place: &mut Option<T>, value: T) -> Option<T> {
    let old = place.replace(value);
    *used += u8::from(old.is_none());
    old
}

fn take<T>(used: &mut u8, place: &mut Option<T>) -> Option<T> {
    let old = place.take();
    *used -= u8::from(old.is_some());
    old
}

/// The sparse array.
pub struct PageTree<V> {
    root: Option<Node<V>>,
    /// The number of bits of an index that the levels below the root decode: 0 if the root is
    /// a leaf.
    shift: u32,
    len: u64,
}

impl<V> PageTree<V> {
    /// Makes an array without values.
    pub const fn new() -> Self {
        Self { root: None, shift: 0, len: 0 }
    }

    /// Returns how many values there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns whether `index` is within the range of the present levels.
    #[inline]
    fn reaches(&self, index: u64) -> bool {
        index.checked_shr(self.shift + LEVEL_BITS).unwrap_or(0) == 0
    }

    /// Returns the value at `index`, if there is one.
    #[inline]
    pub fn get(&self, index: u64) -> Option<&V> {
        if !self.reaches(index) {
            return None;
        }
        let mut node = self.root.as_ref()?;
        let mut shift = self.shift;
        loop {
            let slot = slot_of(index, shift);
            match node {
                Node::Leaf(_, slots) => return slots[slot].as_ref(),
                Node::Inner(_, slots) => {
                    node = slots[slot].as_ref()?;
                    shift -= LEVEL_BITS;
                }
            }
        }
    }

    /// Returns the value at `index`, if there is one, to change it.
    pub fn get_mut(&mut self, index: u64) -> Option<&mut V> {
        if !self.reaches(index) {
            return None;
        }
        let mut node = self.root.as_mut()?;
        let mut shift = self.shift;
        loop {
            let slot = slot_of(index, shift);
            match node {
                Node::Leaf(_, slots) => return slots[slot].as_mut(),
                Node::Inner(_, slots) => {
                    node = slots[slot].as_mut()?;
                    shift -= LEVEL_BITS;
                }
            }
        }
    }

    /// Puts `value` at `index`, and returns the value that was there.
    ///
    /// # Errors
    /// [`NoMemory`], and no value has changed.
    pub fn try_insert(&mut self, index: u64, value: V) -> Result<Option<V>, NoMemory> {
        while !self.reaches(index) {
            if let Some(old) = self.root.take() {
                match try_new_slots() {
                    Ok(mut slots) => {
                        slots[0] = Some(old);
                        self.root = Some(Node::Inner(1, slots));
                    }
                    Err(error) => {
                        self.root = Some(old);
                        return Err(error);
                    }
                }
            }
            self.shift += LEVEL_BITS;
        }
        let root = match &mut self.root {
            Some(root) => root,
            none => none.insert(new_node(self.shift)?),
        };
        let old = insert(root, self.shift, index, value);
        match &old {
            Ok(None) => self.len += 1,
            Ok(Some(_)) => {}
            Err(NoMemory) => self.drop_empty_root(),
        }
        old
    }

    /// Removes and returns the value at `index`, if there is one.
    pub fn remove(&mut self, index: u64) -> Option<V> {
        if !self.reaches(index) {
            return None;
        }
        let removed = remove(self.root.as_mut()?, self.shift, index)?;
        self.len -= 1;
        self.drop_empty_root();
        Some(removed)
    }

    fn drop_empty_root(&mut self) {
        if self.root.as_ref().is_some_and(Node::is_empty) {
            self.root = None;
            self.shift = 0;
        }
    }

    /// Calls `action` with each index from `start` on that has a value, and the value, in rising
    /// order, until it breaks; returns what it broke with.
    pub fn try_for_each_from<'a, B>(
        &'a self,
        start: u64,
        mut action: impl FnMut(u64, &'a V) -> ControlFlow<B>,
    ) -> Option<B> {
        let root = self.root.as_ref().filter(|_| self.reaches(start))?;
        try_for_each_from(root, self.shift, 0, start, &mut action).break_value()
    }

    /// Returns the first index from `start` on that has a value, and the value.
    pub fn first_from(&self, start: u64) -> Option<(u64, &V)> {
        self.try_for_each_from(start, |index, value| ControlFlow::Break((index, value)))
    }

    /// Removes and returns the first value whose index is in `range`, if there is one.
    pub fn remove_first_in(&mut self, range: Range<u64>) -> Option<(u64, V)> {
        let (index, _) = self.first_from(range.start)?;
        if index >= range.end {
            return None;
        }
        self.remove(index).map(|value| (index, value))
    }

    /// Returns the first index from `start` on that has no value.
    pub fn first_free_from(&self, start: u64) -> u64 {
        let mut index = start;
        while index < u64::MAX && self.get(index).is_some() {
            index += 1;
        }
        index
    }

    /// Calls `action` with each index and value, in rising order.
    pub fn for_each(&self, mut action: impl FnMut(u64, &V)) {
        self.try_for_each_from(0, |index, value| {
            action(index, value);
            ControlFlow::<()>::Continue(())
        });
    }
}

impl<V> Default for PageTree<V> {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn slot_of(index: u64, shift: u32) -> usize {
    (index >> shift & SLOT_MASK) as usize
}

fn new_node<V>(shift: u32) -> Result<Node<V>, NoMemory> {
    match shift {
        0 => Ok(Node::Leaf(0, try_new_slots()?)),
        _ => Ok(Node::Inner(0, try_new_slots()?)),
    }
}

/// Puts `value` into `node`. The indexes of adjacent slots differ by 1 << `shift`.
fn insert<V>(
    mut node: &mut Node<V>,
    mut shift: u32,
    index: u64,
    value: V,
) -> Result<Option<V>, NoMemory> {
    loop {
        let slot = slot_of(index, shift);
        match node {
            Node::Leaf(used, slots) => return Ok(put(used, &mut slots[slot], value)),
            Node::Inner(used, slots) => {
                if slots[slot].is_none() {
                    // The whole branch is made before it is added.
                    let branch = new_branch(shift - LEVEL_BITS, index, value)?;
                    put(used, &mut slots[slot], branch);
                    return Ok(None);
                }
                node = slots[slot].as_mut().expect("the slot has a node");
                shift -= LEVEL_BITS;
            }
        }
    }
}

/// Makes the nodes from the level of `shift` down to the leaf that has `value`.
fn new_branch<V>(shift: u32, index: u64, value: V) -> Result<Node<V>, NoMemory> {
    let mut leaf = try_new_slots()?;
    leaf[slot_of(index, 0)] = Some(value);
    let mut branch = Node::Leaf(1, leaf);
    for level in 1..=shift / LEVEL_BITS {
        let mut inner = try_new_slots()?;
        inner[slot_of(index, level * LEVEL_BITS)] = Some(branch);
        branch = Node::Inner(1, inner);
    }
    Ok(branch)
}

/// Removes a value from `node`, and drops nodes below that become empty. Recurses at most 11
/// deep.
fn remove<V>(node: &mut Node<V>, shift: u32, index: u64) -> Option<V> {
    let slot = slot_of(index, shift);
    match node {
        Node::Leaf(used, slots) => take(used, &mut slots[slot]),
        Node::Inner(used, slots) => {
            let child = slots[slot].as_mut()?;
            let removed = remove(child, shift - LEVEL_BITS, index)?;
            if child.is_empty() {
                take(used, &mut slots[slot]);
            }
            Some(removed)
        }
    }
}

/// Calls `action` with the values at or after `start` in `node`, whose first index is `base`, until
/// it breaks. Recurses at most 11 deep.
fn try_for_each_from<'a, V, B>(
    node: &'a Node<V>,
    shift: u32,
    base: u64,
    start: u64,
    action: &mut impl FnMut(u64, &'a V) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let first_slot = if start > base { slot_of(start, shift) } else { 0 };
    let first = base + ((first_slot as u64) << shift);
    match node {
        Node::Leaf(_, slots) => {
            for (offset, value) in slots[first_slot..].iter().enumerate() {
                if let Some(value) = value {
                    action(first + offset as u64, value)?;
                }
            }
        }
        Node::Inner(_, slots) => {
            for (offset, child) in slots[first_slot..].iter().enumerate() {
                if let Some(child) = child {
                    let child_base = first + ((offset as u64) << shift);
                    try_for_each_from(child, shift - LEVEL_BITS, child_base, start, action)?;
                }
            }
        }
    }
    ControlFlow::Continue(())
}
