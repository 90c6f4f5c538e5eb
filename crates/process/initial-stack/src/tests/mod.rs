mod layout;
mod limits;
mod reader;
mod reading;
