//! The memory's ears: hints of what other nodes change, on the bus.

use rill_storage::{Store, port::changes::Changed};
use std::sync::Arc;

use super::bus::{Bus, Channel, Event};
use crate::{
    memory::{Ears, Memory},
    metrics::Metrics,
};

struct OnTheBus(Arc<dyn Bus>);

impl Ears for OnTheBus {
    fn hear(&self, place: Changed) {
        self.0.subscribe(Channel::Change(place));
    }

    fn ignore(&self, place: Changed) {
        self.0.unsubscribe(Channel::Change(place));
    }
}

/// What a node remembers that has this place on the bus.
pub(super) fn memory(store: Store, metrics: Arc<Metrics>, bus: Arc<dyn Bus>) -> Memory {
    Memory::among_others(store, metrics, Arc::new(OnTheBus(bus)))
}

/// Takes what the bus says.
pub(super) fn hear(memory: &Memory, event: &Event) {
    match event {
        Event::Message { channel: Channel::Change(place), .. } => memory.rung(*place),
        Event::Heard(Channel::Change(place)) => memory.heard(*place),
        // What was dropped may have said that nothing is heard.
        Event::Missed | Event::Away => memory.deaf(),
        Event::Message { .. } | Event::Heard(_) => {}
    }
}
