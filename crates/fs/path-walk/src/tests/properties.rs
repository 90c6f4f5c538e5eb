//! Random trees and paths, compared with a model that keeps a list of all remaining
//! components.

use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

use proptest::collection::vec as vec_of;
use proptest::prelude::*;

use super::tree::{Error, Node, Nodes, Number};
use crate::{Found, LINKS_MAX, LastLink, Options, Restrictions, Start, WalkError, Walked, walk};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Walks `path` with a list of components, each with the slash after it.
fn model(
    nodes: &Nodes,
    (root, directory): (Number, Number),
    path: &str,
    last_link: LastLink,
) -> Result<Walked<Number>, WalkError> {
    let mut place = directory;
    let mut links = 0;
    let mut list: VecDeque<(String, bool)> = VecDeque::new();
    let mut ends_with_slash = false;
    let begin = |text: &str, place: &mut Number, list: &mut VecDeque<(String, bool)>| {
        if text.is_empty() {
            return Err(WalkError::NotFound);
        }
        if text.starts_with('/') {
            *place = root;
        }
        let parts: Vec<&str> = text.split('/').collect();
        let names: Vec<_> = parts.iter().filter(|part| !part.is_empty()).collect();
        for (index, name) in names.iter().enumerate().rev() {
            let has_slash = index + 1 < names.len() || text.ends_with('/');
            list.push_front(((**name).into(), has_slash));
        }
        Ok(())
    };
    begin(path, &mut place, &mut list)?;
    while let Some((name, has_slash)) = list.pop_front() {
        let is_final = list.is_empty();
        ends_with_slash |= is_final && has_slash;
        let Node::Directory(entries) = &nodes.nodes[place] else {
            return Err(WalkError::NotADirectory);
        };
        match &*name {
            "." => continue,
            ".." if place == root => continue,
            ".." => {
                place = nodes.parents[place];
                continue;
            }
            _ => {}
        }
        let Some(&child) = entries.get(&name) else {
            return match is_final {
                true => Ok(Walked::Missing {
                    directory: place,
                    name: name.as_bytes().try_into().expect("names are short"),
                    has_slash: ends_with_slash,
                }),
                false => Err(WalkError::NotFound),
            };
        };
        match &nodes.nodes[child] {
            Node::Link(text) if !is_final || ends_with_slash || last_link == LastLink::Follow => {
                links += 1;
                if links > LINKS_MAX {
                    return Err(WalkError::TooManyLinks);
                }
                begin(text, &mut place, &mut list)?;
            }
            _ => place = child,
        }
    }
    if ends_with_slash && !matches!(nodes.nodes[place], Node::Directory(_)) {
        return Err(WalkError::NotADirectory);
    }
    Ok(Walked::Found(Found { place, has_slash: ends_with_slash }))
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => proptest::sample::select(&NAMES[..]),
        1 => Just("."),
        2 => Just(".."),
        1 => Just(""),
    ];
    (any::<bool>(), vec_of(part, 0..6), any::<bool>()).prop_map(
        |(is_absolute, parts, has_slash)| {
            let slash = |is_there| if is_there { "/" } else { "" };
            std::format!("{}{}{}", slash(is_absolute), parts.join("/"), slash(has_slash))
        },
    )
}

fn nodes() -> impl Strategy<Value = Nodes> {
    let node = (any::<prop::sample::Index>(), 0..NAMES.len(), 0..5_u8, path());
    vec_of(node, 0..24).prop_map(|list| {
        let mut nodes = Nodes::new();
        for (parent, name, kind, text) in list {
            let directories: Vec<_> = (0..nodes.nodes.len())
                .filter(|number| matches!(nodes.nodes[*number], Node::Directory(_)))
                .collect();
            let parent = directories[parent.index(directories.len())];
            let Node::Directory(entries) = &nodes.nodes[parent] else {
                continue;
            };
            if entries.contains_key(NAMES[name]) {
                continue;
            }
            match kind {
                0 | 1 => drop(nodes.directory(parent, NAMES[name])),
                2 => drop(nodes.add(parent, NAMES[name], Node::File)),
                _ => drop(nodes.link(parent, NAMES[name], &text)),
            }
        }
        nodes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn walk_is_the_models(
        nodes in nodes(),
        path in path(),
        directory in any::<prop::sample::Index>(),
        is_in_root in any::<bool>(),
        is_followed in any::<bool>(),
    ) {
        let directory = directory.index(nodes.nodes.len());
        let last_link = if is_followed { LastLink::Follow } else { LastLink::Keep };
        let restrictions = Restrictions { in_root: is_in_root, ..Restrictions::default() };
        let root = if is_in_root { directory } else { 0 };
        let start = Start { root: &0, directory: &directory };
        let options = Options { last_link, restrictions };
        let walked = walk(&nodes, start, path.as_bytes(), options);
        let expected = model(&nodes, (root, directory), &path, last_link).map_err(Error::Walk);
        prop_assert_eq!(walked, expected);
    }
}
