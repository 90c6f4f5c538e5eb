//! The controllers of disks.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::sync::{Rank, SpinMutex};

/// A controller of disks.
pub(super) trait Controller: Send + Sync {
    /// Makes it write its caches to the medium, before the machine is switched off. Its disks are gone
    /// then. May wait.
    fn shut_down(&self);

    /// Returns the number of its answers that belonged to no command.
    fn strays(&self) -> u64;
}

/// Protects the list of controllers, in the order of their starts.
static CONTROLLERS: SpinMutex<Vec<Arc<dyn Controller>>> = SpinMutex::new(Rank::Drivers, Vec::new());

/// Adds a controller.
pub(super) fn add(controller: Arc<dyn Controller>) {
    CONTROLLERS.lock().push(controller);
}

/// Makes all controllers write their caches to the medium. Their disks are gone then. May wait.
pub fn shut_down() {
    let mut index = 0;
    loop {
        let controller = CONTROLLERS.lock().get(index).cloned();
        let Some(controller) = controller else {
            break;
        };
        controller.shut_down();
        index += 1;
    }
}

/// Returns the number of answers of all controllers that belonged to no command.
pub fn strays() -> u64 {
    CONTROLLERS.lock().iter().map(|controller| controller.strays()).sum()
}
