use std::vec;
use std::vec::Vec;

use hash_tree::{Hash, hash_of};
use proptest::prelude::*;

use super::*;

/// By hand from the specification: a header with SHA-1 and SHA-256, an event that says that PCR 0
/// began in locality 3, an event of PCR 4 with both digests.
fn firmware_log() -> Vec<u8> {
    let mut log = b"\0\0\0\0\x03\0\0\0".to_vec();
    log.extend([0; 20]);
    log.extend(b"\x25\0\0\0Spec ID Event03\0\0\0\0\0\0\x02\x69\x02\x02\0\0\0");
    log.extend(b"\x04\0\x14\0\x0b\0\x20\0\0");
    log.extend(b"\0\0\0\0\x03\0\0\0\x02\0\0\0\x04\0");
    log.extend([0; 20]);
    log.extend(b"\x0b\0");
    log.extend([0; 32]);
    log.extend(b"\x11\0\0\0StartupLocality\0\x03");
    log.extend(b"\x04\0\0\0\x0d\0\0\0\x02\0\0\0\x04\0");
    log.extend([0xAA; 20]);
    log.extend(b"\x0b\0");
    log.extend([0xBB; 32]);
    log.extend(b"\x04\0\0\0GRUB");
    log
}

#[test]
fn firmwares_log_is_read() {
    // The rest of the firmware's memory is zeros.
    let bytes = [firmware_log(), vec![0; 100]].concat();
    let log = EventLog::open(&bytes).unwrap();
    assert!(log.has_sha256());
    assert_eq!(log.whole(), firmware_log());
    let events: Vec<_> = log.events().collect();
    assert_eq!(events.len(), 2);
    let sha256 = Some(Hash([0xBB; 32]));
    assert_eq!(events[1], Event { pcr: 4, kind: IPL, sha256, data: b"GRUB" });
}

#[test]
fn replay_begins_with_the_values_of_a_start() {
    let log = firmware_log();
    let pcrs = replay(EventLog::open(&log).unwrap().events());
    let mut locality = [0; 32];
    locality[31] = 3;
    assert_eq!(pcrs[0], Hash(locality));
    assert_eq!(pcrs[4], hash_of(&[[0; 32], [0xBB; 32]].concat()));
    assert_eq!((pcrs[16], pcrs[17], pcrs[23]), (Hash([0; 32]), Hash([0xFF; 32]), Hash([0; 32])));
}

#[test]
fn other_formats_are_no_logs() {
    assert!(EventLog::open(&[]).is_none());
    assert!(EventLog::open(&[0; 100]).is_none());
    let mut other = header();
    other[32] ^= 1;
    assert!(EventLog::open(&other).is_none());
    let mut of_another_kind = header();
    of_another_kind[4] = 1;
    assert!(EventLog::open(&of_another_kind).is_none());
}

#[test]
fn events_without_a_known_hash_end_the_log() {
    let mut unknown = event(1, IPL, &Hash([1; 32]), b"");
    unknown[12] = 0x0C;
    let bytes = [header(), event(0, IPL, &Hash([1; 32]), b"a"), unknown].concat();
    let log = EventLog::open(&bytes).unwrap();
    assert_eq!(log.events().count(), 1);
    // One with none of them, as in memory that is cleared.
    assert_eq!(EventLog::open(&[header(), vec![0; 16]].concat()).unwrap().events().count(), 0);
}

fn events() -> impl Strategy<Value = Vec<(u8, u32, [u8; 32], Vec<u8>)>> {
    let data = proptest::collection::vec(any::<u8>(), 0..40);
    proptest::collection::vec((0..26_u8, 0..16_u32, any::<[u8; 32]>(), data), 0..12)
}

proptest! {
    #[test]
    fn what_is_written_is_read(events in events(), cut in any::<proptest::sample::Index>()) {
        let mut bytes = header();
        let mut ends = vec![bytes.len()];
        for (pcr, kind, digest, data) in &events {
            bytes.extend(event(*pcr, *kind, &Hash(*digest), data));
            ends.push(bytes.len());
        }
        let found: Vec<_> = EventLog::open(&bytes).unwrap().events()
            .map(|event| (event.pcr as u8, event.kind, event.sha256.unwrap().0, event.data.to_vec()))
            .collect();
        prop_assert_eq!(&found, &events);

        // A log that is cut ends with its last whole event.
        let cut = ends[0] + cut.index(bytes.len() - ends[0] + 1);
        let whole = *ends.iter().rfind(|&&end| end <= cut).unwrap();
        prop_assert_eq!(EventLog::open(&bytes[..cut]).unwrap().whole(), &bytes[..whole]);

        let pcrs = replay(EventLog::open(&bytes).unwrap().events());
        for pcr in 1..17_u8 {
            let model = events.iter().filter(|event| event.0 == pcr && event.1 != NO_ACTION)
                .fold(Hash([0; 32]), |old, event| hash_of(&[old.0, event.2].concat()));
            prop_assert_eq!(pcrs[usize::from(pcr)], model);
        }
    }

    #[test]
    fn any_bytes_are_read(
        mut log in proptest::collection::vec(any::<u8>(), 0..300),
        is_header in any::<bool>(),
    ) {
        if is_header {
            log.splice(0..0, header());
        }
        if let Some(log) = EventLog::open(&log) {
            let _ = (log.events().count(), log.whole(), replay(log.events()));
        }
    }
}
