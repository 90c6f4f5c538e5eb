mod archive;
mod compressed;
mod files;
mod mutations;
mod pieces;
mod tools;
