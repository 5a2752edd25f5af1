//! Headers of a message, read without rdkafka's `Headers`: its accessors panic on a name that is not UTF-8
//! (message.rs, `to_str().unwrap()`), and the record would come back and panic for ever.
//!
//! One of the two modules with `unsafe` (DESIGN.md §4, lints).
#![expect(unsafe_code, reason = "librdkafka's header accessor has no safe binding that tolerates any name")]

use std::ffi::CStr;
use std::ptr;

use rdkafka::bindings;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message};

use crate::record::Header;

/// Fills `headers` with the headers of `message`, in order. What it held before is dropped.
pub fn read<'m>(message: &'m BorrowedMessage<'_>, headers: &mut Vec<Header<'m>>) {
    headers.clear();
    let Some(borrowed) = message.headers() else { return };
    // rdkafka hands out the native pointer itself, as a reference to a type without a size.
    let native = ptr::from_ref::<BorrowedHeaders>(borrowed).cast::<bindings::rd_kafka_headers_t>();
    for position in 0.. {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut value_bytes = 0;
        // SAFETY: `native` points to the headers of `message`, which lives longer than this call; the three
        // out-parameters are valid for writing. librdkafka answers NOENT after the last header.
        let error = unsafe {
            bindings::rd_kafka_header_get_all(
                native,
                position,
                &raw mut name,
                &raw mut value,
                &raw mut value_bytes,
            )
        };
        if error != bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        // SAFETY: librdkafka ends every name with NUL; name and value belong to the message's headers and are
        // neither moved nor freed before the message is dropped, which the lifetime 'm forbids.
        let header = unsafe {
            Header {
                name: CStr::from_ptr::<'m>(name).to_bytes(),
                value: (!value.is_null())
                    .then(|| std::slice::from_raw_parts(value.cast::<u8>(), value_bytes)),
            }
        };
        headers.push(header);
    }
}

/// An empty vector with the memory of `headers`, for the next message.
pub fn recycle<'next>(mut headers: Vec<Header<'_>>) -> Vec<Header<'next>> {
    headers.clear();
    // Collecting an emptied vector into the same layout keeps its allocation.
    headers.into_iter().map(|_| Header { name: &[], value: None }).collect()
}
