//! A sort that needs no stack. The sorts of `core` take some KiB of it for each level of their
//! recursion, but the stacks of a kernel are small.

use core::cmp::Ordering;

/// Sorts `items` in place; equal ones may change their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, &compare);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(&mut items[..end], 0, &compare);
    }
}

/// Moves the item at `root` down until none below it is larger.
fn sift_down<T>(items: &mut [T], mut root: usize, compare: impl Fn(&T, &T) -> Ordering) {
    while let Some(left) = items.get(2 * root + 1) {
        let right = items.get(2 * root + 2);
        let is_right = right.is_some_and(|right| compare(left, right).is_lt());
        let larger = 2 * root + 1 + usize::from(is_right);
        if compare(&items[root], &items[larger]).is_ge() {
            return;
        }
        items.swap(root, larger);
        root = larger;
    }
}
