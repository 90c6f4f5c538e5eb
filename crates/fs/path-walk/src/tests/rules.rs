//! Single rules of Linux.

use std::format;
use std::string::String;

use super::tree::{Error, Node, Nodes, Number};
use crate::{
    Found, LINKS_MAX, Last, LastLink, NAME_MAX_BYTES, Options, PATH_MAX_BYTES, Restrictions, Start,
    WalkError, Walked, walk, walk_to_last,
};

fn walked(nodes: &Nodes, path: &str, last_link: LastLink) -> Result<Walked<Number>, Error> {
    let start = Start { root: &0, directory: &0 };
    walk(nodes, start, path.as_bytes(), Options::new(last_link))
}

fn place(nodes: &Nodes, path: &str) -> Result<Number, Error> {
    match walked(nodes, path, LastLink::Follow)? {
        Walked::Found(found) => Ok(found.place),
        Walked::Missing { .. } => Err(WalkError::NotFound.into()),
    }
}

fn restricted(
    nodes: &Nodes,
    directory: Number,
    path: &str,
    restrictions: Restrictions,
) -> Result<Number, Error> {
    let start = Start { root: &0, directory: &directory };
    let options = Options { last_link: LastLink::Follow, restrictions };
    match walk(nodes, start, path.as_bytes(), options)? {
        Walked::Found(found) => Ok(found.place),
        Walked::Missing { .. } => Err(WalkError::NotFound.into()),
    }
}

#[test]
fn limits_are_linuxs() {
    let mut nodes = Nodes::new();
    let long = "n".repeat(NAME_MAX_BYTES);
    let number = nodes.add(0, &long, Node::File);
    assert_eq!(place(&nodes, &long), Ok(number));
    assert_eq!(place(&nodes, &format!("{long}n")), Err(WalkError::NameTooLong.into()));
    let path = "/".repeat(PATH_MAX_BYTES - 1);
    assert_eq!(place(&nodes, &path), Ok(0));
    assert_eq!(place(&nodes, &format!("{path}/")), Err(WalkError::NameTooLong.into()));
    assert_eq!(place(&nodes, ""), Err(WalkError::NotFound.into()));
}

#[test]
fn chain_of_links_ends_at_the_limit() {
    let mut nodes = Nodes::new();
    let end = nodes.add(0, "0", Node::File);
    for index in 1..=LINKS_MAX + 1 {
        nodes.link(0, &format!("{index}"), &format!("{}", index - 1));
    }
    assert_eq!(place(&nodes, &format!("{LINKS_MAX}")), Ok(end));
    let over = format!("{}", LINKS_MAX + 1);
    assert_eq!(place(&nodes, &over), Err(WalkError::TooManyLinks.into()));
    nodes.link(0, "loop", "loop");
    assert_eq!(place(&nodes, "loop"), Err(WalkError::TooManyLinks.into()));
    assert!(walked(&nodes, "loop", LastLink::Keep).is_ok());
}

#[test]
fn links_nest_as_deep_as_the_limit() {
    // Each link's text has another component after the next link.
    let mut nodes = Nodes::new();
    let directory = nodes.directory(0, "d");
    nodes.link(0, "0", "d");
    for index in 1..LINKS_MAX {
        nodes.link(0, &format!("{index}"), &format!("{}/.", index - 1));
    }
    assert_eq!(place(&nodes, &format!("{}/..", LINKS_MAX - 1)), Ok(0));
    assert_eq!(place(&nodes, &format!("{}/", LINKS_MAX - 1)), Ok(directory));
}

#[test]
fn slash_at_the_end_asks_for_a_directory() {
    let mut nodes = Nodes::new();
    nodes.add(0, "file", Node::File);
    let directory = nodes.directory(0, "directory");
    nodes.link(0, "to-file", "file");
    nodes.link(0, "to-directory", "directory");
    for path in ["file/", "to-file/", "file/.", "file/x", "to-file/.."] {
        assert_eq!(place(&nodes, path), Err(WalkError::NotADirectory.into()), "{path}");
    }
    // A link before a slash is followed, even if a last link isn't.
    let found = walked(&nodes, "to-directory//", LastLink::Keep);
    assert_eq!(found, Ok(Walked::Found(Found { place: directory, has_slash: true })));
    let missing = walked(&nodes, "directory/new/", LastLink::Keep).expect("it may be made");
    let Walked::Missing { directory: parent, name, has_slash } = missing else {
        panic!("it isn't there");
    };
    assert_eq!((parent, &name[..], has_slash), (directory, &b"new"[..], true));
}

#[test]
fn link_to_nothing_names_what_is_missing() {
    let mut nodes = Nodes::new();
    let directory = nodes.directory(0, "d");
    nodes.link(0, "link", "/d/new");
    match walked(&nodes, "link", LastLink::Follow) {
        Ok(Walked::Missing { directory: parent, name, .. }) => {
            assert_eq!((parent, &name[..]), (directory, &b"new"[..]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(place(&nodes, "link/x"), Err(WalkError::NotFound.into()));
    nodes.link(0, "empty", "");
    assert_eq!(walked(&nodes, "empty", LastLink::Follow), Err(WalkError::NotFound.into()));
}

#[test]
fn last_component_is_not_looked_up() {
    let mut nodes = Nodes::new();
    let directory = nodes.directory(0, "d");
    nodes.link(directory, "link", "/");
    nodes.link(0, "to-d", "d");
    let last = |path| {
        let start = Start { root: &0, directory: &0 };
        walk_to_last(&nodes, start, str::as_bytes(path), Restrictions::default())
    };
    assert_eq!(last("to-d/link"), Ok((directory, Last::Name(b"link"), false)));
    assert_eq!(last("/d/link//"), Ok((directory, Last::Name(b"link"), true)));
    assert_eq!(last("d/."), Ok((directory, Last::Dot, false)));
    assert_eq!(last("d/.."), Ok((directory, Last::DotDot, false)));
    assert_eq!(last("new"), Ok((0, Last::Name(b"new"), false)));
    assert_eq!(last("//"), Ok((0, Last::Dot, true)));
    assert_eq!(last(""), Err(WalkError::NotFound.into()));
    assert_eq!(last("x/y"), Err(WalkError::NotFound.into()));
    assert_eq!(last(&String::from("n").repeat(256)), Err(WalkError::NameTooLong.into()));
}

#[test]
fn directory_that_is_closed_is_not_passed() {
    let mut nodes = Nodes::new();
    let directory = nodes.directory(0, "d");
    nodes.directory(directory, "x");
    nodes.closed = Some(directory);
    assert_eq!(place(&nodes, "d"), Ok(directory));
    for path in ["d/x", "d/.", "d/..", "d/new"] {
        assert_eq!(place(&nodes, path), Err(Error::Closed), "{path}");
    }
}

#[test]
fn restrictions_are_those_of_openat2() {
    let mut nodes = Nodes::new();
    let start = nodes.directory(0, "start");
    let inner = nodes.directory(start, "inner");
    let mount = nodes.directory(start, "mount");
    nodes.mounts.push(mount);
    nodes.link(start, "up", "..");
    nodes.link(start, "absolute", "/inner");
    nodes.add(start, "magic", Node::MagicLink(inner));
    let walk = |path, restrictions| restricted(&nodes, start, path, restrictions);
    let free = Restrictions::default();
    let leaves = Err(WalkError::Leaves.into());

    let beneath = Restrictions { beneath: true, ..free };
    assert_eq!(walk("inner/..", beneath), Ok(start));
    for path in ["..", "inner/../..", "/", "up", "absolute", "magic"] {
        assert_eq!(walk(path, beneath), leaves, "{path}");
    }
    let in_root = Restrictions { in_root: true, ..free };
    assert_eq!(walk("../../..", in_root), Ok(start));
    assert_eq!(walk("absolute", in_root), Ok(inner));
    assert_eq!(walk("magic", in_root), leaves);
    let no_mounts = Restrictions { no_mounts: true, ..free };
    assert_eq!(walk("mount", no_mounts), leaves);
    assert_eq!(restricted(&nodes, mount, "..", no_mounts), leaves);
    assert_eq!(walk("magic", no_mounts), Ok(inner));
    let many = Err(WalkError::TooManyLinks.into());
    assert_eq!(walk("up", Restrictions { no_links: true, ..free }), many);
    let no_magic_links = Restrictions { no_magic_links: true, ..free };
    assert_eq!(walk("magic", no_magic_links), many);
    assert_eq!(walk("up", no_magic_links), Ok(0));
}
