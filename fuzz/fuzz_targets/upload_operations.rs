#![no_main]

use rill_fuzz::uploads::Op;

libfuzzer_sys::fuzz_target!(|ops: Vec<Op>| {
    let _ = rill_fuzz::upload_operations(ops);
});
