mod edges;
mod image;
mod mutations;
mod plan;
mod random;
mod scripts;
