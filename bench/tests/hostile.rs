//! The hostile scenario as a program: all attacks in a few seconds, a small chat. What
//! hangs on how busy this machine is (latencies) is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;
use serde_json::Value;

#[test]
fn a_chat_beside_all_attacks_loses_nothing_and_every_refusal_is_coded() {
    // Slower than by default: a server that is not optimised has a tenth of the breath. And attackers
    // that get their turn, whatever else is at work here.
    let chat = ["--users", "12", "--rooms", "2", "--rate", "12", "--seed", "7"];
    let attackers = ["--attack-rate", "0.2", "--attackers-nice", "0"];
    let spans = ["--undisturbed-seconds", "2", "--seconds", "10", "--after-seconds", "2"];
    let Ran { said, report, .. } = program::run(["hostile"].iter().chain(&chat).chain(&attackers).chain(&spans));
    let verdicts = report["verdicts"].as_array().unwrap_or_else(|| panic!("no verdicts: {said}"));
    for name in ["no_loss", "alive", "coded"] {
        let verdict = verdicts.iter().find(|verdict| verdict["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(verdict["passed"], true, "{name}: {}\n{said}", verdict["detail"]);
    }
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks.len() > 30, "{}", attacks.len());
    let idle: Vec<&Value> = attacks
        .iter()
        .filter(|attack| attack["attempts"] == 0 && attack["unfinished"] == 0)
        .map(|attack| &attack["name"])
        .collect();
    assert!(idle.is_empty(), "{idle:?} did nothing: {said}");
    assert!(report["chat"]["delivered"].as_u64().unwrap() > 0);
}

#[test]
fn attacks_are_listed_and_chosen_by_name() {
    let listed = program::run(["hostile", "--list"]);
    assert_eq!(listed.exit_code, Some(0), "{}", listed.said);
    assert!(listed.said.lines().count() > 30 && listed.said.contains("mux_violations"), "{}", listed.said);
    let Ran { exit_code, said, report } = program::run(["hostile", "--only", "no_such_attack"]);
    assert!(exit_code != Some(0) && report.is_null() && said.contains("no_such_attack"), "{exit_code:?}: {said}");
}
