//! The plans of well-formed programs.

use std::vec;
use std::vec::Vec;

use elf::abi::{ET_EXEC, PF_R, PF_W, PF_X};

use super::image::*;
use crate::{Access, MappingSource, Program};

/// A mapping: first page, page after the last, access, contents.
type Row = (u64, u64, Access, Source);

#[derive(Debug, PartialEq, Eq)]
enum Source {
    File(u64),
    Cleared(u64, u64),
    Zeroes,
}

use Source::{Cleared, File, Zeroes};

fn plan(program: &Program) -> Vec<Row> {
    let row = |mapping: crate::Mapping| {
        let source = match mapping.source {
            MappingSource::File { offset, zero_from: None } => File(offset),
            MappingSource::File { offset, zero_from: Some(from) } => Cleared(offset, from.as_u64()),
            MappingSource::Zeroes => Zeroes,
        };
        let pages = mapping.pages;
        (pages.start.as_u64(), pages.end.as_u64(), mapping.access, source)
    };
    program.mappings().map(row).collect()
}

fn plan_of(segments: &[Header]) -> Vec<Row> {
    plan(&Image::new(ET_EXEC, 0x40_0000, segments).read().unwrap())
}

const R: Access = Access::READ;
const RW: Access = Access::READ.union(Access::WRITE);
const RX: Access = Access::READ.union(Access::EXECUTE);

#[test]
fn static_program_has_file_pages_and_zeroes() {
    assert_eq!(
        plan(&Image::fixed().read().unwrap()),
        [
            (0x40_0000, 0x40_1000, R, File(0)),
            (0x40_1000, 0x40_2000, RX, File(0x1000)),
            (0x40_2000, 0x40_3000, R, File(0x2000)),
            (0x40_3000, 0x40_5000, RW, Cleared(0x2000, 0x40_4018)),
            (0x40_5000, 0x40_7000, RW, Zeroes),
        ]
    );
}

#[test]
fn zeroes_within_the_last_page_need_no_anonymous_page() {
    assert_eq!(
        plan_of(&[load(PF_R | PF_W, 0x1000, 0x40_0000, 0x10, 0x20)]),
        [(0x40_0000, 0x40_1000, RW, Cleared(0x1000, 0x40_0010))]
    );
}

#[test]
fn nothing_is_cleared_where_the_file_ends_with_a_page() {
    assert_eq!(
        plan_of(&[load(PF_R | PF_W, 0x1800, 0x40_0800, 0x800, 0x801)]),
        [(0x40_0000, 0x40_1000, RW, File(0x1000)), (0x40_1000, 0x40_2000, RW, Zeroes)]
    );
}

#[test]
fn bytes_of_the_file_after_a_segment_without_zeroes_stay() {
    let rows = plan_of(&[load(PF_R, 0, 0x40_0000, 0x10, 0x10)]);
    assert_eq!(rows, [(0x40_0000, 0x40_1000, R, File(0))]);
}

#[test]
fn segment_without_bytes_in_the_file_is_anonymous() {
    assert_eq!(
        plan_of(&[load(PF_R | PF_W, 0x123, 0x40_0800, 0, 0x1000)]),
        [(0x40_0000, 0x40_2000, RW, Zeroes)]
    );
}

#[test]
fn zeroes_are_writable_and_executable_only_on_request() {
    let rows = plan_of(&[
        load(PF_R, 0, 0x40_0000, 0x1000, 0x1001),
        load(PF_R | PF_X, 0, 0x50_0000, 0x1000, 0x1001),
        load(PF_X, 0, 0x60_0000, 0, 1),
    ]);
    let accesses: Vec<Access> = rows.iter().map(|row| row.2).collect();
    assert_eq!(accesses, vec![R, RW, RX, Access::all(), Access::all()]);
}

#[test]
fn shared_page_belongs_to_the_last_segment() {
    assert_eq!(
        plan(&Image::packed().read().unwrap()),
        [(0x40_0000, 0x40_2000, RW, Cleared(0, 0x40_1130)), (0x40_2000, 0x40_3000, RW, Zeroes),]
    );
    assert_eq!(
        plan_of(&[
            load(PF_R, 0, 0x40_0000, 0x1800, 0x1800),
            load(PF_R | PF_W, 0x1800, 0x40_1800, 0x10, 0x10),
        ]),
        [(0x40_0000, 0x40_1000, R, File(0)), (0x40_1000, 0x40_2000, RW, File(0x1000))]
    );
}
