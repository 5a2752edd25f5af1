//! From a payload to a stream of borrowed tokens: where a text lies, under which key, how deep, how encoded.
//!
//! No document is built. What is no JSON is read as one raw text; that is inspection too.

mod token;

pub use token::{Container, Frame, Path, Token, TokenKind, Visit};
