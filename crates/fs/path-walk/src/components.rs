//! The components of a path.

/// A component, and the rest of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component<'a> {
    /// Its bytes: at least one, without slashes.
    pub name: &'a [u8],
    /// Whether a slash follows it.
    pub has_slash: bool,
    /// Whether no further component follows it.
    pub is_last: bool,
}

/// Takes components off the front of a path.
#[derive(Clone, Copy, Debug)]
pub struct Components<'a> {
    /// The rest of the path: it begins with a component, or is empty.
    rest: &'a [u8],
}

impl<'a> Components<'a> {
    /// Makes the iterator over the components of `path`.
    #[inline]
    pub fn new(path: &'a [u8]) -> Self {
        Self { rest: without_slashes(path) }
    }

    /// Returns how many bytes of the path are left.
    #[inline]
    pub fn len_left(&self) -> usize {
        self.rest.len()
    }
}

impl<'a> Iterator for Components<'a> {
    type Item = Component<'a>;

    #[inline]
    fn next(&mut self) -> Option<Component<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let len = self.rest.iter().position(|byte| *byte == b'/').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(len);
        self.rest = without_slashes(rest);
        Some(Component { name, has_slash: !rest.is_empty(), is_last: self.rest.is_empty() })
    }
}

#[inline]
fn without_slashes(path: &[u8]) -> &[u8] {
    let mut rest = path;
    while let [b'/', after @ ..] = rest {
        rest = after;
    }
    rest
}
