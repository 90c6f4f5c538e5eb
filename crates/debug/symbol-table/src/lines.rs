//! Source lines, each as its difference to the one before it.
//!
//! A row has these numbers, each in LEB128, 7 bits a byte, the lowest first:
//!
//! | number | content |
//! | --- | --- |
//! | 1 | the address minus that of the row before |
//! | 2 | the line minus that of the row before, in zigzag (0, -1, 1, -2, …), × 2; + 1 if the file differs |
//! | 3 | the file's number, if it differs |
//!
//! Before the first row of a group are the group's address, file 0 and line 0, and a row with line 0
//! means that there is no line.

/// The first address of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The address, relative to the table's base.
    pub address: u32,
    /// The file's number.
    pub file: u32,
    /// The line's number; 0 if there is none.
    pub line: u32,
}

/// The rows of a group. Ends early where the bytes are damaged.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    last: Row,
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    /// Reads the rows of a group that begins at `address`.
    pub fn new(address: u32, bytes: &'a [u8]) -> Self {
        Self { last: Row { address, ..Row::default() }, bytes }
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in (0..u32::BITS).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            let bits = u32::from(byte & 0x7F);
            number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let address = self.last.address.checked_add(self.number()?)?;
        let second = self.number()?;
        let (zigzag, differs) = (second >> 1, second & 1 == 1);
        let line =
            self.last.line.checked_add_signed((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))?;
        let file = if differs { self.number()? } else { self.last.file };
        self.last = Row { address, file, line };
        Some(self.last)
    }
}
