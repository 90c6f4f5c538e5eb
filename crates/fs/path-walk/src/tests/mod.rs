mod properties;
mod rules;
mod tree;
