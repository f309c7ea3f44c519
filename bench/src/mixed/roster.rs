//! Who is in which rooms, and when.

use crate::dice::Dice;

/// Shares of the day in which somebody is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Visit {
    pub(crate) from: f64,
    /// Nothing for who stays to the end.
    pub(crate) until: Option<f64>,
}

/// One person's day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Rooms by their numbers, the one that they are in from the beginning first.
    pub(crate) rooms: Vec<usize>,
    pub(crate) visits: Vec<Visit>,
}

/// The most that anybody comes in a day.
pub(crate) const VISITS_MAX: usize = 2;

/// The day of `user`. Room 0 is everybody's; room `r` has about every `r + 1`th. Who owns a room is there from
/// the first to the last.
pub(crate) fn plan(user: usize, rooms: usize, seed: u64) -> Plan {
    let mut dice = Dice::new(seed, &format!("person {user}"));
    let own = user % rooms;
    let others = (0..rooms).filter(|room| *room != own);
    let mine: Vec<usize> = [own].into_iter().chain(others.filter(|room| dice.below(room + 1) == 0)).collect();
    let share = |dice: &mut Dice, from: f64, to: f64| from + (to - from) * dice.below(1_000) as f64 / 1_000.0;
    if user < rooms {
        return Plan { rooms: mine, visits: vec![Visit { from: 0.0, until: None }] };
    }
    let (comes, goes) = (share(&mut dice, 0.0, 0.15), share(&mut dice, 0.8, 0.95));
    let visits = if dice.below(2) == 0 {
        vec![Visit { from: comes, until: Some(goes) }]
    } else {
        let (lunch, back) = (share(&mut dice, 0.4, 0.45), share(&mut dice, 0.48, 0.55));
        vec![Visit { from: comes, until: Some(lunch) }, Visit { from: back, until: Some(goes) }]
    };
    Plan { rooms: mine, visits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_have_different_sizes_and_everybody_is_in_the_first() {
        let plans: Vec<Plan> = (0..200).map(|user| plan(user, 10, 7)).collect();
        let size = |room: usize| plans.iter().filter(|plan| plan.rooms.contains(&room)).count();
        assert_eq!(size(0), 200);
        assert!(size(1) > size(3) && size(3) > size(9) && size(9) >= 20, "{:?}", (0..10).map(size).collect::<Vec<_>>());
        for (user, plan) in plans.iter().enumerate() {
            assert_eq!(plan.rooms[0], user % 10);
            let mut once = plan.rooms.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), plan.rooms.len(), "{user}");
        }
    }

    #[test]
    fn people_come_and_go_and_owners_stay() {
        let plans: Vec<Plan> = (0..100).map(|user| plan(user, 5, 7)).collect();
        assert!(plans[..5].iter().all(|plan| plan.visits == [Visit { from: 0.0, until: None }]));
        for plan in &plans[5..] {
            assert!((1..=VISITS_MAX).contains(&plan.visits.len()));
            let mut last = 0.0;
            for Visit { from, until } in &plan.visits {
                assert!(*from >= last && until.unwrap() > *from, "{plan:?}");
                last = until.unwrap();
            }
        }
        assert!(plans.iter().any(|plan| plan.visits.len() == 2), "somebody goes out for lunch");
        assert_eq!(plan(42, 5, 7), plans[42], "the same seed is the same day");
    }
}
