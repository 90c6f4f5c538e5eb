//! The CPUs that ACPI lists.

use acpi_tables::madt::{self, Entry, ProcessorState};
use alloc::vec::Vec;

use crate::arch::cpu::id::ApicId;
use crate::drivers::acpi::Acpi;

/// Returns the local APIC IDs of all CPUs that can be started, each once, in ACPI's
/// order.
pub fn apic_ids(acpi: Option<&Acpi>) -> Vec<ApicId> {
    let mut apic_ids = Vec::new();
    let tables = acpi.into_iter().flat_map(|acpi| acpi.good(madt::MADT));
    for entry in tables.take(1).flat_map(|table| madt::entries(&table.bytes)) {
        if let Entry::Processor { apic_id, state: ProcessorState::Enabled, .. } = entry
            && !apic_ids.contains(&ApicId::new(apic_id))
        {
            apic_ids.push(ApicId::new(apic_id));
        }
    }
    apic_ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::machine;

    #[test_case]
    fn cpus_of_the_machine_are_found() {
        let apic_ids = apic_ids(machine().acpi.as_ref());
        assert_eq!(apic_ids.first(), Some(&ApicId::new(0)));
        assert!(apic_ids.is_sorted());
        assert!(super::apic_ids(None).is_empty());
    }
}
