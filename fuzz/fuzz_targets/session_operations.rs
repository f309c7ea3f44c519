#![no_main]

use rill_fuzz::session::Op;

libfuzzer_sys::fuzz_target!(|ops: Vec<Op>| rill_fuzz::session_operations(ops));
