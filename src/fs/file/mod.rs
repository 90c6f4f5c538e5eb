//! Open files.
//!
//! | module | what |
//! | --- | --- |
//! | [`open_flags`] | the flags of an open file |
//! | [`open`] | opening a file by its path |
//! | [`open_file`] | an open file: its position, reads, writes |
//! | [`regular`] | reads and writes of files whose contents are pages |
//! | [`file_ops`] | the operations of a pipe, a device or another special file |
//! | [`readiness`] | the readiness of a file, and the observers of its changes |
//! | [`poll`] | waiting until one of several files is ready |
//! | [`epoll`] | a set of files, and waiting until some of them are ready |
//! | [`eventfd`] | a counter as an open file |
//! | [`mapping`] | mappings of open files |
//! | [`memfd`] | files in memory without a name in a directory |
//! | [`anonymous`] | open files without a place in the directory tree |

pub mod anonymous;
pub mod epoll;
pub mod eventfd;
pub mod file_ops;
pub mod mapping;
pub mod memfd;
pub mod open;
pub mod open_file;
pub mod open_flags;
pub mod poll;
pub mod readiness;
pub mod regular;
