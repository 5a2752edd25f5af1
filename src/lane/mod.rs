//! One thread, one consumer: from poll to verdict.
