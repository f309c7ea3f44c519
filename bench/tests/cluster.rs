//! The scenario with several nodes as a program: two of them, and the hardships that take
//! no longer than they must. How long users waited hangs on how busy this machine is and
//! is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;

#[test]
fn nothing_is_lost_doubled_or_out_of_order_whatever_happens_to_nodes_and_redis() {
    let crowd = ["--speakers", "6", "--listeners", "6", "--rooms", "2", "--rate", "40", "--seconds", "2"];
    let hardships = ["none", "node-killed", "redis-restarted", "fail-over", "rolling-restart"];
    let hardships_named = hardships.join(",");
    let nodes = ["cluster", "--nodes", "2", "--hardships", &hardships_named];
    let Ran { exit_code, said, report } = program::run(nodes.iter().chain(&crowd));
    assert_eq!(exit_code, Some(0), "{said}");
    let phases = report["phases"].as_array().expect("phases");
    assert!(phases.iter().map(|phase| phase["hardship"].as_str().unwrap().replace('_', "-")).eq(hardships), "{report}");
    for phase in phases {
        let number = |key: &str| phase[key].as_u64().unwrap_or_else(|| panic!("{key} in {phase}"));
        for nothing in ["lost", "duplicated", "reordered", "refused"] {
            assert_eq!(number(nothing), 0, "{nothing}: {said}");
        }
        // Six in each room, three of whom speak.
        assert!(number("acked") >= 60 && number("delivered") >= 6 * number("acked"), "{said}");
        assert!(phase["users_waited_ms"]["max"].as_f64().unwrap() > 0.0, "{said}");
    }
}
