//! The rules, one by one.

use super::*;
use proptest::prelude::*;

const ROOT: UserIds = UserIds { real: 0, effective: 0, saved: 0 };
const USER: UserIds = UserIds { real: 7, effective: 7, saved: 7 };

fn set_of(capability: Capability) -> CapabilitySet {
    CapabilitySet::EMPTY.with(capability)
}

fn program(real_uid: u32, effective_uid: u32, is_setid: bool) -> Executed {
    Executed { real_uid, effective_uid, is_setid, has_no_new_privileges: false }
}

#[test]
fn sets_can_only_shrink() {
    let mut own = ThreadCapabilities::ROOT;
    let kill = set_of(Capability::Kill);
    let sets = Sets { effective: kill, permitted: kill, inheritable: CapabilitySet::EMPTY };
    assert_eq!(own.set(sets), Ok(()));
    assert_eq!((own.effective, own.permitted), (kill, kill));
    let chown = set_of(Capability::Chown);
    assert_eq!(own.set(Sets { permitted: kill.union(chown), ..sets }), Err(NotAllowed));
    assert_eq!(own.set(Sets { inheritable: chown, ..sets }), Err(NotAllowed));
    assert_eq!(own.set(Sets { inheritable: kill, ..sets }), Ok(()));
    let none = CapabilitySet::EMPTY;
    assert_eq!(own.set(Sets { permitted: none, ..sets }), Err(NotAllowed), "effective is more");
}

#[test]
fn root_that_becomes_a_user_keeps_the_permitted_set_if_asked() {
    let mut own = ThreadCapabilities::ROOT;
    own.set_keeps(true).unwrap();
    own.change_users(ROOT, USER);
    assert_eq!((own.permitted, own.effective), (CapabilitySet::ALL, CapabilitySet::EMPTY));
    let (own, _) = own.execute(program(7, 7, false));
    assert_eq!(own.permitted, CapabilitySet::EMPTY);
    assert_eq!(own.secure_bits, SecureBits::empty());
}

#[test]
fn effective_user_switches_the_effective_set() {
    let mut own = ThreadCapabilities::ROOT;
    let with_user = UserIds { effective: 7, ..ROOT };
    own.change_users(ROOT, with_user);
    assert_eq!((own.permitted, own.effective), (CapabilitySet::ALL, CapabilitySet::EMPTY));
    own.change_users(with_user, ROOT);
    assert_eq!(own.effective, CapabilitySet::ALL);
}

#[test]
fn user_for_files_switches_the_capabilities_for_files() {
    let mut own = ThreadCapabilities::ROOT;
    own.change_user_for_files(0, 7);
    assert!(!own.effective.has(Capability::DacOverride) && own.effective.has(Capability::Kill));
    own.change_user_for_files(7, 0);
    assert_eq!(own, ThreadCapabilities::ROOT);
}

#[test]
fn programs_of_root_have_what_the_bounding_set_allows() {
    let mut own = ThreadCapabilities::ROOT;
    let boot = set_of(Capability::SysBoot);
    own.drop_bounding(boot).unwrap();
    own.change_users(ROOT, USER);
    assert_eq!(own.drop_bounding(boot), Err(NotAllowed));
    let (own, keeps_ids) = own.execute(program(7, 0, true));
    assert_eq!(own.effective, CapabilitySet::ALL.without(boot));
    assert!(keeps_ids);
}

#[test]
fn no_new_privileges_give_no_more() {
    let mut own = ThreadCapabilities::ROOT;
    own.change_users(ROOT, USER);
    let executed = Executed { has_no_new_privileges: true, ..program(7, 0, true) };
    let (own, keeps_ids) = own.execute(executed);
    assert_eq!((own.permitted, keeps_ids), (CapabilitySet::EMPTY, false));
}

#[test]
fn ambient_set_is_for_programs_of_users() {
    let mut own = ThreadCapabilities::ROOT;
    let kill = set_of(Capability::Kill);
    assert_eq!(own.raise_ambient(kill), Err(NotAllowed), "it isn't inheritable");
    let all = CapabilitySet::ALL;
    own.set(Sets { effective: all, permitted: all, inheritable: kill }).unwrap();
    own.set_keeps(true).unwrap();
    own.change_users(ROOT, USER);
    own.raise_ambient(kill).unwrap();
    let (program_of_user, _) = own.execute(program(7, 7, false));
    assert_eq!((program_of_user.permitted, program_of_user.effective), (kill, kill));
    let (with_set_id, _) = own.execute(program(7, 8, true));
    assert_eq!(with_set_id.ambient, CapabilitySet::EMPTY);
}

#[test]
fn locked_flags_stay() {
    let mut own = ThreadCapabilities::ROOT;
    own.set_secure_bits(0b11).unwrap();
    for refused in [0b10, 0b01, 0, 0x100] {
        assert_eq!(own.set_secure_bits(refused), Err(NotAllowed));
    }
    assert_eq!(own.set_secure_bits(0b10_0011), Ok(()));
    assert_eq!(own.set_keeps(true), Err(NotAllowed));
    assert_eq!(own.execute(program(0, 0, false)).0.permitted, CapabilitySet::EMPTY);
}

proptest! {
    #[test]
    fn effective_is_permitted_and_ambient_is_permitted_and_inheritable(
        steps in prop::collection::vec((0..6_u8, any::<u64>(), any::<u64>(), any::<u64>()), 1..40),
    ) {
        let (mut own, mut ids) = (ThreadCapabilities::ROOT, ROOT);
        for (kind, a, b, c) in steps {
            let [x, y, z] = [a, b, c].map(CapabilitySet::from_bits);
            let before = own.permitted;
            match kind {
                0 => { let _ = own.set(Sets { effective: x.intersection(y), permitted: y, inheritable: z }); }
                1 => { let _ = own.drop_bounding(x.intersection(y).intersection(z)); }
                2 => { let _ = own.raise_ambient(own.permitted.intersection(own.inheritable).intersection(x)); }
                3 => { let _ = own.set_keeps(a & 1 == 0); }
                4 => {
                    let now = UserIds { real: a as u32 & 1, effective: b as u32 & 1, saved: c as u32 & 1 };
                    own.change_users(ids, now);
                    ids = now;
                }
                _ => own.change_user_for_files(a as u32 & 1, b as u32 & 1),
            }
            prop_assert!(before.contains(own.permitted));
            prop_assert!(own.permitted.contains(own.effective));
            prop_assert!(own.permitted.intersection(own.inheritable).contains(own.ambient));
        }
    }
}
