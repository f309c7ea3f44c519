#![no_main]

use rill_protocol::mux::model::Op;

libfuzzer_sys::fuzz_target!(|ops: Vec<Op>| rill_fuzz::mux_operations(ops));
