//! Interrupted system calls.

use super::World;
use crate::{Handler, Interruption, Limit, Resume, SaFlags, SigInfo, Signal};

#[test]
fn interrupted_calls() {
    use Interruption::{Restart, RestartAlways, RestartBlock, RestartWithoutHandler};
    use Resume::{Again, ByRestartSyscall, Interrupted};
    // Without a handler, with a handler, with a handler and SA_RESTART.
    let cases = [
        (Restart, Again, Interrupted, Again),
        (RestartAlways, Again, Again, Again),
        (RestartWithoutHandler, Again, Interrupted, Interrupted),
        (RestartBlock, ByRestartSyscall, Interrupted, Interrupted),
    ];
    for (interruption, none, plain, restart) in cases {
        assert_eq!(interruption.resume(None), none);
        for (flags, expected) in [(SaFlags::empty(), plain), (SaFlags::RESTART, restart)] {
            let mut world = World::new();
            world.set(Signal::INT, Handler::Address(0x1000), flags);
            world.shared.push(SigInfo::from_user(Signal::INT, 7, 0), Limit::Below).unwrap();
            let delivery = world.delivered();
            assert_eq!(
                interruption.resume(Some(&delivery)),
                expected,
                "{interruption:?} {flags:?}"
            );
        }
    }
}
