//! Which driver owns which function.

use alloc::vec::Vec;

use super::address::Address;
use crate::sync::{Rank, SpinMutex};

/// Protects the owners: the addresses and the names of their drivers.
static OWNERS: SpinMutex<Vec<(Address, &'static str)>> = SpinMutex::new(Rank::Drivers, Vec::new());

/// Why a function can't have an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddError {
    /// The driver with this name owns it.
    Owned(&'static str),
    /// No memory is left.
    NoMemory,
}

/// Makes `driver` the owner of the function at `address`.
pub(super) fn add(address: Address, driver: &'static str) -> Result<(), AddError> {
    let mut owners = OWNERS.lock();
    if let Some((_, other)) = owners.iter().find(|(owned, _)| *owned == address) {
        return Err(AddError::Owned(other));
    }
    owners.try_reserve(1).map_err(|_| AddError::NoMemory)?;
    owners.push((address, driver));
    Ok(())
}

/// Ends the ownership of the function at `address`.
pub(super) fn remove(address: Address) {
    OWNERS.lock().retain(|(owned, _)| *owned != address);
}

/// Returns the name of the driver that owns the function at `address`.
pub(super) fn owner_of(address: Address) -> Option<&'static str> {
    OWNERS.lock().iter().find(|(owned, _)| *owned == address).map(|(_, driver)| *driver)
}
