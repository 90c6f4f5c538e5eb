use super::*;
use crate::mm::kernel::frames;

#[test_case]
fn bytes_of_frames_are_copied_at_any_offset() {
    let free = frames::counts().free;
    let frame = SharedFrame::try_new_zeroed(Purpose::Other).expect("there is memory");
    let mut all = [1; 4096];
    frame.all_bytes().read(&mut all);
    assert_eq!(all, [0; 4096]);
    let pattern: [u8; 40] = core::array::from_fn(|index| index as u8 + 1);
    for (start, len) in [(0, 40), (1, 17), (4095, 1), (4056, 40), (100, 0), (7, 9)] {
        frame.all_bytes().zero();
        frame.bytes(start..start + len).write(&pattern[..len]);
        frame.all_bytes().read(&mut all);
        assert_eq!(all[start..start + len], pattern[..len]);
        assert!(all[..start].iter().chain(&all[start + len..]).all(|byte| *byte == 0));
    }
    frame.bytes(0..40).write(&pattern);
    frame.bytes(3..16).zero();
    let copy = frame.try_copy(Purpose::Other).expect("there is memory");
    let mut part = [0; 20];
    copy.bytes(0..40).after(10).first(20).read(&mut part);
    assert_eq!(part[..6], [0; 6]);
    assert_eq!(part[6..], pattern[16..30]);
    drop((frame, copy));
    assert_eq!(frames::counts().free, free);
}
